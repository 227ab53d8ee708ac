"""The server: sends the shared model to all parties, averages what comes back, and judges it after each round."""

from pathlib import Path

from flwr.app import ArrayRecord, Context, MetricRecord
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import FedAvg, FedProx

from from_fedlab import Journal, first_weights, settings

app = ServerApp()


@app.main()
def main(grid: Grid, context: Context) -> None:
    data = Path(context.run_config["data"])
    given, journal = settings(data), Journal("flower", data)

    def evaluate(number: int, arrays: ArrayRecord) -> MetricRecord:
        judge = journal.round if number else journal.accuracy
        return MetricRecord({"accuracy": judge(arrays.to_numpy_ndarrays())})

    parties, mu = given["parties"], given["mu"]
    everybody = {"fraction_evaluate": 0.0, "min_train_nodes": parties, "min_available_nodes": parties}
    strategy = FedProx(proximal_mu=mu, **everybody) if mu else FedAvg(**everybody)
    strategy.start(grid, ArrayRecord(first_weights(data)), num_rounds=given["rounds"], evaluate_fn=evaluate)
