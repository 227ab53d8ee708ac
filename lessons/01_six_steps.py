# %% [markdown]
# # 01 Six steps
#
# Federated learning in six steps, one at a time, down to the lines of Python that do them. About 30 minutes.
#
# After this lesson you will be able to
#
# 1. name the six steps of federated learning, and point at the line of code that does each,
# 2. write down what federated learning minimises, and average models the way that fits it,
# 3. find the two mistakes that a widely copied example makes, and show by numbers that they are mistakes.
#
# Run the grey boxes from the top, with Shift+Enter or *Run > Run All Cells*. The questions wait for your answer.

# %%
from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np

from fedlab import Experiment, federation, partitions, plots, reference
from fedlab.datasets import mnist
from fedlab.engines.keras import build
from fedlab.lessons import checks_01 as check
from fedlab.lessons import claim, claims
from fedlab.randomness import Choice, generator
from fedlab_widgets import Lab, predict, show, show_bars, show_lines, show_source

# %% [markdown]
# ## What it is
#
# Banks want to recognise fraud. Hospitals want to read X-rays. Cities want to foresee traffic. Phones want to guess your
# next word. In each case the best model would learn from everybody's data, and nobody may, or wants to, hand theirs over.
#
# **Federated learning** turns it round: the data stay, and the model travels.
#
# - A **party** holds data and can train: a bank, a hospital, a phone. (Papers often say *client*. We say party.)
# - The **server**, or platform, holds the shared model. It never sees an example.
#
# They repeat six steps:
#
# 1. **Initialise.** The server draws a first model at random.
# 2. **Train locally.** Each party takes the shared model and trains it on its own data.
# 3. **Upload.** Each party sends the weights of its trained model to the server. Not the data.
# 4. **Aggregate.** The server makes one model of them: their average.
# 5. **Send out.** The new shared model goes to the parties.
# 6. **Repeat** from step 2. One turn is a **round**.
#
# ## What it is for: the objective
#
# Party $k$ holds $n_k$ examples. $F_k(w)$ is its **local loss**: the mean loss of a model with weights $w$ over these
# examples. All parties together hold $n = \sum_k n_k$ examples. Federated learning looks for
#
# $$\min_w F(w), \qquad F(w) = \sum_k \frac{n_k}{n} F_k(w)$$
#
# A party with twice the examples counts twice. So every *example* counts the same, whoever holds it. In Python:

# %%
local_losses = np.array([0.30, 0.60, 0.90])  # F_k(w) of three parties
sizes = np.array([100, 100, 800])  # n_k
n = sizes.sum()

F = sum(n_k / n * F_k for n_k, F_k in zip(sizes, local_losses, strict=True))

print(f"The objective is {F:.2f}. The plain mean of the three losses would be {local_losses.mean():.2f}.")

# %% [markdown]
# ## The example that everybody copies
#
# Many articles explain federated learning with the same example: **3 parties with 1,000 images each, 5 local epochs,
# 10 rounds**. Here it is, as one `Experiment`. The model is the *2NN*: two hidden layers of 200 units, 199,210 weights.

# %%
experiment = Experiment(
    parties=3, examples=3_000, partition="iid", model="2nn", local_epochs=5, batch_size=32, learning_rate=0.1, rounds=10
)
data = mnist()
parties = federation.hold(experiment, data)  # for each party, which training images are its own
counts = partitions.label_counts(parties, data.train_y, data.classes)

figure, ax = plt.subplots(figsize=(6, 3.4), layout="constrained")
plots.holdings(ax, counts)
plt.close(figure)
show(figure, alt="Heat map: how many images of each digit the three parties hold. All cells are close to 100.")

# %% [markdown]
# ## Before you start
#
# The three parties train together for 10 rounds. Then we test the shared model on 10,000 images that no party has.

# %%
guess = predict(
    "After 10 rounds, what share of the 10,000 test images does the shared model get right?", unit="%", rounds=10
)
guess

# %% [markdown]
# ## First, as the articles write it
#
# This is the loop that you find in many articles, with the names changed. Read it before you run it. It looks right. It
# has two mistakes. (Like most articles it uses Keras, a part of TensorFlow; the kit's lab trains this model without it. So
# the cells that begin with `%%needs_tensorflow` are all that you miss where TensorFlow is not installed.)

# %%
# %%needs_tensorflow
import keras

global_model = build("2nn", (28, 28), data.classes, seed=0)
keras.utils.set_random_seed(0)
global_model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
global_model.optimizer.learning_rate = 0.1
first_weights = global_model.get_weights()

local_models = [global_model for party in parties]  # every party gets the global model
losses_at_the_start = []
for model, own in zip(local_models, parties, strict=True):
    x, y = reference.scale(data.train_x[own], data), data.train_y[own]
    losses_at_the_start.append(model.evaluate(x, y, verbose=0))  # we look in, articles do not
    model.fit(x, y, epochs=5, batch_size=32, verbose=0)

new_weights = [np.mean(layer, axis=0) for layer in zip(*[m.get_weights() for m in local_models], strict=True)]
print(f"The new global model has {sum(layer.size for layer in new_weights):,} weights. No error, no warning.")

# %% [markdown]
# It runs, and the accuracy it reaches is fine. That is why nobody notices. So do not look at the accuracy: look at the three
# models that were averaged. The **distance** between two models is $\lVert w_a - w_b \rVert$: subtract their weights,
# square, add up, take the root.


# %%
def distance(a, b):
    """How far apart two models' weights are."""
    return np.sqrt(sum(np.sum((one - other) ** 2) for one, other in zip(a, b, strict=True)))


# %%
# %%needs_tensorflow
uploads = [model.get_weights() for model in local_models]
for k in (1, 2):
    print(f"distance from party 0's model to party {k}'s: {distance(uploads[0], uploads[k]):.1f}")
print(f"distance from the average to each of them:  {distance(new_weights, uploads[0]):.1f}")

# %% [markdown]
# All zero. Three parties with different images cannot end with the same weights. **The "average" is an average of three
# copies of the same thing.**
#
# ### Mistake 1: one model object for all
#
# Look at this line again:
#
# ```python
# local_models = [global_model for party in parties]
# ```
#
# It makes a list of three names for *one* object. When party 0 trains, it trains everybody's model. Party 1 then goes on
# where party 0 stopped. You see it in the loss that each party's own images have before it has trained at all:

# %%
# %%needs_tensorflow
for k, loss in enumerate(losses_at_the_start):
    print(f"Party {k} starts from {'a model that knows nothing' if loss > 2 else 'a model that has already learned'}.")
print("Different objects in the list:", len({id(model) for model in local_models}))

# %% [markdown]
# A model that guesses among ten digits has a loss of about $\ln 10 \approx 2.3$. Only party 0 starts there. The parties
# train one after the other, and the model walks from one to the next. That is a fine way to train, but it is no federated
# learning: nobody trains at the same time, nothing is aggregated, and each party gets the raw model of the one before it.
#
# ### Mistake 2: a mean without weights
#
# ```python
# new_weights = [np.mean(layer, axis=0) for layer in zip(*[m.get_weights() for m in local_models])]
# ```
#
# `np.mean` counts each *party* the same. The objective counts each *example* the same. With 1,000 images each there is no
# difference, so the example hides its second mistake too. Give one party 2,800 images and the other two 100 each, and it
# shows. This time every party starts from the same weights. We use the kit's textbook functions; you read them below.

# %%
# %%needs_tensorflow
model = build("2nn", (28, 28), data.classes, seed=0)  # a workbench: its weights are set before each use


def train_party(k, own, shared, number=1):
    """Steps 5 and 2 for party k: take the shared weights, train on its own images, return its weights."""
    order = generator(experiment.seed, Choice.BATCHES, number, k)
    x, y = reference.scale(data.train_x[own], data), data.train_y[own]
    return reference.train(model, shared, x, y, order, experiment)


unequal = np.split(np.concatenate(parties), [2_800, 2_900])
uploads = [(len(own), train_party(k, own, first_weights)) for k, own in enumerate(unequal)]

weighted = reference.average(uploads)
unweighted = reference.average([(1, weights) for n_k, weights in uploads])  # every party counts the same
accuracies = {
    "every example counts the same": reference.accuracy(model, weighted, data),
    "every party counts the same": reference.accuracy(model, unweighted, data),
}
show_bars(
    accuracies, alt="Two bars: the average weighted by examples has a clearly higher test accuracy than the plain one."
)
by_example, by_party = accuracies.values()
claim("After one round, counting examples instead of parties gains more than 5 points", by_example > by_party + 0.05)

# %% [markdown]
# ## Mended, step by step
#
# Back to 1,000 images each. Now each step is a cell, and each party really trains on its own. First the kit's own code for
# the two steps that compute. It is not a copy: it is read from the kit as you run this.

# %%
show_source(reference.train, reference.average)

# %% [markdown]
# The two lines that matter, beside their formulas:

# %%
show_lines(
    {
        r"step 2: $w \leftarrow w - \eta\,(\nabla l(w; b) + \mu\,(w - w_t))$": (reference.train, "w.assign"),
        r"step 4: $w_{t+1} = \sum_k \frac{n_k}{n}\, w_k$": (reference.average, "n_k / n * w_k"),
    }
)

# %% [markdown]
# $\eta$ is the learning rate, $b$ a batch of 32 images, $\nabla l(w; b)$ the gradient of the loss on that batch. $\mu$ is 0
# here; it belongs to FedProx, in lesson 04. This algorithm is called **FedAvg**, for federated averaging. Compare the
# weights $n_k/n$ with those in the objective: they are the same.
#
# **Step 1, initialise.** One model, drawn at random, known to the server.

# %%
# %%needs_tensorflow
shared = build("2nn", (28, 28), data.classes, seed=0).get_weights()
print(f"{sum(layer.size for layer in shared):,} weights")

# %% [markdown]
# **Step 5, send out, and step 2, train locally.** `train` begins with `model.set_weights(shared)`: that is the sending. So
# each party starts from the same weights, whoever trained before it.

# %%
# %%needs_tensorflow
local_weights = [train_party(k, own, shared) for k, own in enumerate(parties)]

# %% [markdown]
# **Step 3, upload.** What leaves a party: how many examples it has, and its weights. 32 bits each, 797 kB in all.

# %%
# %%needs_tensorflow
uploads = [(len(own), weights) for own, weights in zip(parties, local_weights, strict=True)]

apart = [distance(a, b) for a, b in combinations(local_weights, 2)]
claim("No two of the three models are the same: each two are at least 1.0 apart", min(apart) > 1.0)

# %% [markdown]
# **Step 4, aggregate.** The weighted average is the new shared model.

# %%
# %%needs_tensorflow
shared = reference.average(uploads)

accuracies = {f"party {k}'s model": reference.accuracy(model, weights, data) for k, weights in enumerate(local_weights)}
accuracies["their average"] = reference.accuracy(model, shared, data)
show_bars(
    accuracies, alt="Four bars: the average has a clearly higher test accuracy than each of the three parties' models."
)
*of_parties, of_average = accuracies.values()
claim(
    "The average gets more test images right than any of the three it was made of", of_average > max(of_parties) + 0.02
)

# %% [markdown]
# That is the small wonder of federated learning: nobody trained the averaged model, and it is better than each of its parts.
#
# **Step 6, repeat.** For that, use the lab.
#
# ## The lab
#
# The same experiment, with the same images and the same first weights, and a faster engine. **Step** does one round: all of
# the steps above. Press it a few times and watch the curve. Then press **Run** for the rest of the 10 rounds.

# %%
lab = Lab(experiment, controls=["local_epochs", "learning_rate", "rounds"], prediction=guess)
lab

# %% [markdown]
# ## What happened, and why
#
# Run this cell when your 10 rounds are done. It holds what we claim against what your run did.

# %%
claims(
    lab,
    [experiment],
    {
        "After 10 rounds the shared model gets more than 91 % of the test images right": lambda run: (
            run.rounds[9].test_accuracy > 0.91
        ),
        "The first round alone brings it above 80 %": lambda run: run.rounds[0].test_accuracy > 0.80,
        "The last 5 rounds together gain less than 2 points": lambda run: (
            abs(run.rounds[9].test_accuracy - run.rounds[4].test_accuracy) < 0.02
        ),
        "10 rounds sent 47.8 MB: 3 models of 797 kB down and up, ten times": lambda run: (
            round(sum(one.bytes_down + one.bytes_up for one in run) / 1e6, 1) == 47.8
        ),
    },
)

# %% [markdown]
# Was it worth the trouble? Compare with two **yardsticks**. *Alone*: every party trains 10 × 5 epochs on its own 1,000 images
# and never hears of the others. *Central*: one computer holds all 3,000 images, which is what nobody may do.

# %%
from fedlab import History, run

ways = {"alone": "each party alone", "fedavg": "federated (FedAvg)", "central": "all images in one place"}
runs = {way: History(experiment, run(experiment.with_(algorithm=way))) for way in ways}

figure, ax = plt.subplots(figsize=(6.6, 3.4), layout="constrained")
plots.convergence(ax, list(runs.values()), labels=list(ways.values()))
plt.close(figure)
show(figure, alt="Test accuracy over 10 rounds: each party alone lowest, federated in the middle, central highest.")

# %%
alone, together, central = (runs[way].rounds[9].test_accuracy for way in ways)
claim("Together they are more than 2 points better than alone", together > alone + 0.02)
claim("Having all images in one place would gain less than 1 point more", central < together + 0.01)

# %% [markdown]
# ## The code behind it
#
# All six steps, as the kit's textbook version writes them. Find each number. `participants` chooses who takes part in a
# round: here all three.

# %%
show_source(reference.run)

# %% [markdown]
# The lab does the same with a faster engine: `fedlab/federation.py` has the six steps, `fedlab/engines/numpy.py` the training,
# written out in NumPy, and parties train at the same time. A test of the kit holds it against the code above: same batches,
# same weights, up to rounding.
#
# ## Exercises
#
# Write your code in place of `raise NotImplementedError()`, run the cell, then run the check below it. A check tells you
# what is wrong; it does not know the answer, only what must be true of it.
#
# **1. The objective.** `losses` holds every party's $F_k(w)$, `sizes` its $n_k$. Return $F(w)$.


# %% nbgrader={"grade": false, "grade_id": "objective", "locked": false, "schema_version": 3, "solution": true, "task": false}
def objective(losses, sizes):
    ### BEGIN SOLUTION
    return np.dot(losses, sizes) / np.sum(sizes)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "objective-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check.check_objective(objective)

# %% [markdown]
# **2. The average.** `sizes` is an array of $K$ numbers, `weights` an array of shape $(K, P)$: one row of $P$ weights for
# each party. Return the server's new model, $P$ weights. One line of NumPy is enough.


# %% nbgrader={"grade": false, "grade_id": "average", "locked": false, "schema_version": 3, "solution": true, "task": false}
def average(sizes, weights):
    ### BEGIN SOLUTION
    return sizes / np.sum(sizes) @ weights
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "average-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check.check_average(average)

# %% [markdown]
# **3. The bytes of a round.** A model has `weights` weights of 32 bits each, and `parties` parties take part. How many bytes
# travel in one round, all together?


# %% nbgrader={"grade": false, "grade_id": "bytes", "locked": false, "schema_version": 3, "solution": true, "task": false}
def bytes_of_a_round(weights, parties):
    ### BEGIN SOLUTION
    return 2 * parties * weights * 32 // 8
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "bytes-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check.check_bytes(bytes_of_a_round)

# %% [markdown]
# **4. Find what is shared.** Write the alarm that the articles lack. `models` is a list with one model for each party. Return
# `True` if any two parties hold the same model *object*, else `False`. Two different objects that happen to have equal weights
# are fine: that is how every round begins.


# %% nbgrader={"grade": false, "grade_id": "shared", "locked": false, "schema_version": 3, "solution": true, "task": false}
def shares_a_model(models):
    ### BEGIN SOLUTION
    return len({id(model) for model in models}) < len(models)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "shared-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check.check_shared(shares_a_model)

# %% [markdown]
# ## What this does not show
#
# This was the easy case. Federated learning has open problems, and each is a field of its own.
#
# - **Different data.** All three parties had a fair mix of digits. Real parties do not, and then the average can be poor: lesson 03.
# - **Cost.** 47.8 MB is little. A phone network has millions of parties, and models a thousand times as big. How to send less: lesson 02.
# - **Slow and missing parties.** Ours all answered, at once. Phones run out of battery: lesson 04.
# - **Privacy.** The images stayed at home, but weights can give away what they were trained on.
# - **Trust.** Nobody lied. One party that does can ruin a plain average.
#
# And 93 % on MNIST is nothing to boast of: 3,000 images are a twentieth of the data set. The point is the difference between
# alone, together and central.
#
# ## Words
#
# - **Party** (elsewhere: client): holds data and trains. **Server**, or platform: holds the shared model and averages.
# - **Round**: the six steps once. **Local epoch**: one pass of a party through its own data.
# - **Weights**: the numbers inside a model. Their average is a model again, because all parties have the same layers.
# - **Local loss** $F_k(w)$: the mean loss over the examples of party $k$. **Objective** $F(w)$: their mean, by examples.
# - **FedAvg**: several local steps, then the average weighted by examples.
# - **Yardstick**: a way of training that is no federated learning, and shows what there is to gain.
#
# ## Where next
#
# - The tour of the lab, if you skipped it: [00 Start here](00_start_here.ipynb).
# - The source: H. B. McMahan, E. Moore, D. Ramage, S. Hampson and B. Agüera y Arcas, *Communication-Efficient Learning of Deep
#   Networks from Decentralized Data*, 2017, [arXiv 1602.05629](https://arxiv.org/abs/1602.05629). Algorithm 1 is this lesson.
# - The open problems, at length: P. Kairouz, H. B. McMahan and 57 others, *Advances and Open Problems in Federated Learning*,
#   2021, [arXiv 1912.04977](https://arxiv.org/abs/1912.04977).
# - Tools for real parties on real networks: [Flower](https://flower.ai), [TensorFlow
#   Federated](https://www.tensorflow.org/federated), [FATE](https://fate.fedai.org) (finance),
#   [PySyft](https://github.com/OpenMined/PySyft) by the OpenMined community. This kit is for learning; those are for use.
