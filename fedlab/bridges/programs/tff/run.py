"""A federated learning experiment in TensorFlow Federated (TFF): FedAvg, or FedProx where the settings have a mu.

`python run.py` runs it; `python run.py --as-it-is` runs TFF's own FedProx, whose sign is wrong: see `Proximal`.
"""

import atexit
import collections
import os
import signal
import sys
import warnings

os.environ["KERAS_HOME"] = ".cache"  # Keras leaves a file: here
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"  # else TensorFlow speaks of the graphics processors that it does not find
import psutil
import tensorflow as tf

with warnings.catch_warnings(action="ignore"):  # of what TFF imports
    import tensorflow_federated as tff

from from_fedlab import Journal, batches, examples, first_weights, settings

GIVEN = settings()
PARTIES = [examples(f"party{party}") for party in range(GIVEN["parties"])]
FIRST = first_weights()  # kernel, bias, kernel, bias, ...


def data_of(party, number):
    """What a party trains on in a round: the batches of all its local epochs, in fedlab's order."""
    x, y = PARTIES[party]
    rows = tf.ragged.stack(list(batches(GIVEN, number, party, len(y))))  # the last batch of an epoch may be short
    return tf.data.Dataset.from_tensor_slices(rows).map(lambda batch: (tf.gather(x, batch), tf.gather(y, batch)))


def model_fn():
    """The model, made anew on each call: dense layers with ReLU between them, and the logits at the end."""
    units = [bias.size for bias in FIRST[1::2]]
    layers = [tf.keras.layers.Dense(size, activation="relu") for size in units[:-1]]
    return tff.learning.models.from_keras_model(
        tf.keras.Sequential([tf.keras.Input(FIRST[0].shape[:1]), *layers, tf.keras.layers.Dense(units[-1])]),
        loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        input_spec=data_of(0, 1).element_spec,
    )


class Proximal(tff.learning.optimizers.Optimizer):
    """Another optimiser on a party's loss + mu / 2 |w - w_t|², w_t: the shared model. FedProx (Li et al. 2020).

    TFF has `build_weighted_fed_prox` for this. But in TFF 0.87.0 it adds mu (w_t - w) to the gradient of the loss, and
    that is the gradient of -mu / 2 |w - w_t|²: parties are pushed away from the shared model instead of drawn to it
    (line 90 of tensorflow_federated/python/learning/templates/proximal_client_work.py). It takes no negative mu.
    So here is FedAvg with this optimiser. Each party begins each round with a fresh one, whose first step is at w_t.
    """

    def __init__(self, optimizer, mu):
        self.optimizer, self.mu = optimizer, mu

    def initialize(self, specs):
        w_t = tf.nest.map_structure(lambda spec: tf.zeros(spec.shape, spec.dtype), specs)
        return collections.OrderedDict(inner=self.optimizer.initialize(specs), steps=0, w_t=w_t)

    def next(self, state, weights, gradients):
        is_first = tf.equal(state["steps"], 0)
        w_t = tf.nest.map_structure(lambda w, kept: tf.where(is_first, w, kept), weights, state["w_t"])
        pulled = tf.nest.map_structure(lambda g, w, start: g + self.mu * (w - start), gradients, weights, w_t)
        inner, weights = self.optimizer.next(state["inner"], weights, pulled)
        return collections.OrderedDict(inner=inner, steps=state["steps"] + 1, w_t=w_t), weights


def learning_process(as_it_is):
    """The parties' work and the server's: FedAvg or FedProx, with a mean weighted by the parties' examples."""
    sgd = tff.learning.optimizers.build_sgdm(GIVEN["learning_rate"])
    if as_it_is:
        return tff.learning.algorithms.build_weighted_fed_prox(model_fn, GIVEN["mu"], client_optimizer_fn=sgd)
    optimizer = Proximal(sgd, GIVEN["mu"]) if GIVEN["mu"] else sgd
    return tff.learning.algorithms.build_weighted_fed_avg(model_fn, client_optimizer_fn=optimizer)


def main(as_it_is):
    process = learning_process(as_it_is)
    state = process.set_model_weights(process.initialize(), tff.learning.models.ModelWeights(FIRST, []))
    journal = Journal("tff")
    for number in range(1, GIVEN["rounds"] + 1):
        result = process.next(state, [data_of(party, number) for party in range(GIVEN["parties"])])
        state = result.state
        journal.round(process.get_model_weights(state).trainable)


@atexit.register
def end_the_worker():
    """TFF's parties work in a process of their own, which it would leave behind."""
    for child in psutil.Process().children():
        child.terminate()
        child.wait()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))  # ended by hand, it ends its worker all the same
    main("--as-it-is" in sys.argv)
