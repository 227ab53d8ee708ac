# %% [markdown]
# # 01 Six steps: from the idea to the lines that do it
#
# Federated learning in six steps, one at a time, down to the lines of Python that do them. About 35 minutes,
# and 15 for the exercises.
#
# After this lesson you will be able to
#
# 1. name the six steps of federated learning, and point at the line of code that does each,
# 2. write down what federated learning minimises, and average models the way that fits it,
# 3. find the two mistakes that a widely copied example makes, and show by numbers that they are mistakes.

# %% [markdown] tags=["notebook"]
# Run the grey boxes from the top, one after the other, with Shift+Enter: some of them answer a question that you were
# asked further up.

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
# They go through six steps:
#
# 1. **Initialise.** The server draws a first model at random.
# 2. **Train locally.** Each party takes the shared model and trains it on its own data.
# 3. **Upload.** Each party sends the weights of its trained model to the server. Not the data.
# 4. **Aggregate.** The server makes one model of them: their average.
# 5. **Send out.** The new shared model goes to the parties.
# 6. **Repeat** steps 2 to 5.
#
# The first model has to be sent out too. So in code a **round** begins with step 5: it is 5, 2, 3, 4, again and again, and step
# 1 comes once, before all rounds.
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
import numpy as np

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
from fedlab import Experiment, federation, partitions
from fedlab.datasets import mnist
from fedlab.lessons import pictures_01
from fedlab_widgets import show

experiment = Experiment(
    parties=3, examples=3_000, partition="iid", model="2nn", local_epochs=5, batch_size=32, learning_rate=0.1, rounds=10
)
data = mnist()
parties = federation.hold(experiment, data)  # for each party, which training images are its own
counts = partitions.label_counts(parties, data.train_y, data.classes)

show(pictures_01.who_holds_what(counts), alt="Heat map: every party holds about 100 images of every digit.")

# %% [markdown]
# ## Before you start
#
# The three parties train together for 10 rounds. Then we test the shared model on 10,000 images that no party has.

# %% jupyter={"source_hidden": true}
from fedlab_widgets import predict

one_epoch = experiment.with_(local_epochs=1)
then = predict(
    "Now each party goes through its images once a round, not five times. How many are right after 10 rounds?",
    unit="%",
    rounds=10,
    about=one_epoch,
    why={
        "more": "A fifth of the work in each round: after ten rounds it is where five epochs a round were after two.",
        "less": "Even one epoch is 32 steps, and in ten rounds all three parties take 320 of them.",
    },
)
guess = predict(
    "After 10 rounds, what share of the 10,000 test images does the shared model get right?",
    unit="%",
    rounds=10,
    about=experiment,
    why={
        "more": "3,000 images are a twentieth of the data set: even one computer that holds them all gets no further.",
        "less": "Nobody has seen more than 1,000 images, but the average knows what all three have learnt.",
    },
    then=then,
)
guess

# %% [markdown]
# ## First, as the articles write it
#
# This is one round of the loop that you find in many articles, with the names changed. Read it before you run it. It looks
# right. It has two mistakes.
#
# Like most articles it uses Keras, a part of TensorFlow, which takes some seconds to start. (The kit's lab trains this model
# without it. So the cells that begin with `%%needs_tensorflow` are all that you miss where TensorFlow is not installed.)

# %%
from itertools import combinations

from fedlab import reference
from fedlab.engines.keras import build
from fedlab.lessons import claim, watch
from fedlab.randomness import Choice, generator
from fedlab_widgets import show_bars, show_table


def examples_of(own):
    """A party's images as the model sees them, and their digits."""
    return reference.scale(data.train_x[own], data), data.train_y[own]


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
for model, own in zip(local_models, watch(parties, "Training, as the articles do"), strict=True):
    x, y = examples_of(own)
    losses_at_the_start.append(model.evaluate(x, y, verbose=0))  # we look in, articles do not
    model.fit(x, y, epochs=5, batch_size=32, verbose=0)

new_weights = [np.mean(layer, axis=0) for layer in zip(*[m.get_weights() for m in local_models], strict=True)]
print(f"The new global model has {sum(layer.size for layer in new_weights):,} weights. No error, no warning.")

# %% [markdown]
# It runs. How good is the model that came out? You will see it when the code is mended, beside the right one.

# %% jupyter={"source_hidden": true}
mended_wins, mistakes_win = "the mended code", "the code with the mistakes"
sorted_guess = predict(
    "Now the images are sorted: one party gets the low digits, one the middle ones, one the high ones. Which code is "
    "ahead after two rounds?",
    [mended_wins, mistakes_win, "both are about the same"],
    why="The one model walks from party to party, and forgets: in the end it knows the digits of the last party best.",
)
wrong_guess = predict(
    "This code has two mistakes. What share of the test images does its new global model get right, after this one round?",
    unit="%",
    why={
        "more": "One round is only a beginning.",
        "less": "A mistake need not show in the accuracy. This one even helps it, as long as the parties' images are alike.",
    },
    then=sorted_guess,
)
wrong_guess

# %% [markdown]
# Do not wait for the accuracy. Look at the three models that were averaged. The **distance** between two models is
# $\lVert w_a - w_b \rVert$: subtract their weights, square, add up, take the root.


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
rows = [{"party": k, "loss on its images before it trains": loss} for k, loss in enumerate(losses_at_the_start)]
show_table(rows, digits=2)
claim("Different objects in the list", len({id(model) for model in local_models}), equals=1)
claim("Party 0 starts from a loss above 2", losses_at_the_start[0], above=2)
claim("Party 2 starts from a loss below 1", losses_at_the_start[2], below=1)

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
# shows after two epochs. This time every party starts from the same weights. We use the kit's textbook functions; you read them below.

# %%
# %%needs_tensorflow
model = build("2nn", (28, 28), data.classes, seed=0)  # a workbench: its weights are set before each use


def train_party(k, own, shared, experiment):
    """Steps 5 and 2 for party k: take the shared weights, train on its own images, return its weights."""
    order = generator(experiment.seed, Choice.BATCHES, 1, k)  # in round 1
    return reference.train(model, shared, *examples_of(own), order, experiment)


unequal = np.split(np.concatenate(parties), [2_800, 2_900])
two_epochs = experiment.with_(local_epochs=2)
uploads = [
    (len(own), train_party(k, own, first_weights, two_epochs))
    for k, own in enumerate(watch(unequal, "Training three unequal parties"))
]

weighted = reference.average(uploads)
unweighted = reference.average([(1, weights) for n_k, weights in uploads])  # every party counts the same
by_example, by_party = (100 * reference.accuracy(model, weights, data) for weights in (weighted, unweighted))

# %%
# %%needs_tensorflow
show_bars(
    {"every example counts the same": by_example / 100, "every party counts the same": by_party / 100},
    alt="Two bars: the average weighted by examples has a clearly higher test accuracy than the plain one.",
)
claim(
    "Counting examples instead of parties gains more than 5 points in one round",
    by_example - by_party,
    above=5,
    unit="points",
)

# %% [markdown]
# ## Mended, step by step
#
# Back to 1,000 images each. Now each step is a cell, and each party really trains on its own. First the kit's own code for
# the two steps that compute. It is not a copy: it is read from the kit as you run this.

# %%
from fedlab_widgets import show_source

show_source(reference.train, reference.average)

# %% [markdown]
# The two lines that matter, beside their formulas:

# %%
from fedlab_widgets import show_lines

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
local_weights = [
    train_party(k, own, shared, experiment)
    for k, own in enumerate(watch(parties, "Training three parties, each its own"))
]

# %% [markdown]
# **Step 3, upload.** What leaves a party: how many examples it has, and its weights. 32 bits each, 797 kB in all.

# %%
# %%needs_tensorflow
uploads = [(len(own), weights) for own, weights in zip(parties, local_weights, strict=True)]

apart = [distance(a, b) for a, b in combinations(local_weights, 2)]
claim("No two of the three models are the same: the nearest two are more than 1 apart", min(apart), above=1)

# %% [markdown]
# **Step 4, aggregate.** The weighted average is the new shared model.

# %%
# %%needs_tensorflow
shared = reference.average(uploads)

of_parties = [100 * reference.accuracy(model, weights, data) for weights in local_weights]
mended = 100 * reference.accuracy(model, shared, data)
show_bars(
    {f"party {k}'s model": accuracy / 100 for k, accuracy in enumerate(of_parties)} | {"their average": mended / 100},
    alt="Four bars: the average has a clearly higher test accuracy than each of the three parties' models.",
)
claim(
    "The average is more than 2 points better than the best of the three it was made of",
    mended - max(of_parties),
    above=2,
    unit="points",
)

# %% [markdown]
# That is the small wonder of federated learning: nobody trained the averaged model, and it is better than each of its parts.
#
# ## Which of the two is better?
#
# Both have now done one round, with the same images and the same first weights. Here is what you were asked.

# %% tags=["nbval-ignore-output"]
# %%needs_tensorflow
mistaken = 100 * reference.accuracy(model, new_weights, data)
show_bars(
    {"the code with the mistakes": mistaken / 100, "the mended code": mended / 100},
    alt="Two bars, nearly of the same length: the code with the mistakes is a little ahead.",
)
wrong_guess.compare(mistaken)

# %% [markdown]
# **The wrong code wins**, by a point here and by 1 to 7 points with the seeds 0 to 4. That is why nobody notices: an accuracy
# that looks fine does not say that the code does what its text says.
#
# Why does it win? Its one model went through the images of all three parties, one after the other: 480 steps, each from where
# the last one ended. The mended code takes 160 steps at each party, side by side, and the average of three walks of 160 steps is
# not as far as one of 480. With a fair mix of digits everywhere, walking on is simply training with all 3,000 images.
#
# So is it the better way? It cannot train at the same time. And see what happens when the parties differ: sort the images by
# digit and give each party a third of them. Guess first.

# %%
# %%needs_tensorflow
sorted_by_digit = experiment.with_(partition="shards", shards_per_party=1, rounds=2)
thirds = federation.hold(sorted_by_digit, data)

keras.utils.set_random_seed(0)
global_model.set_weights(first_weights)
for own in watch([*thirds, *thirds], "Two rounds with the mistakes"):  # one model for all: so it comes to this
    global_model.fit(*examples_of(own), epochs=5, batch_size=32, verbose=0)
mistaken = 100 * reference.accuracy(model, global_model.get_weights(), data)
*_, last = federation.run(sorted_by_digit)  # the mended code, on the kit's engine
mended = 100 * last.test_accuracy

# %%
# %%needs_tensorflow
show_bars(
    {"the code with the mistakes": mistaken / 100, "the mended code": mended / 100},
    alt="Two bars: with sorted images the mended code is clearly ahead.",
)
claim(
    "With sorted images the mended code is more than 8 points ahead after two rounds",
    mended - mistaken,
    above=8,
    unit="points",
)
sorted_guess.compare(mended_wins if mended > mistaken + 1 else mistakes_win)

# %% [markdown]
# The walking model forgets: after the third party it knows the third party's digits best. The average forgets less, because all
# three have a say in it. (It is 16 to 22 points ahead with the seeds 0 to 4.) But even the right code pays when parties differ:
# that is [lesson 03](03_non_iid.ipynb).
#
# **Step 6, repeat.** For that, use the lab.
#
# ## The lab
#
# The same experiment, with the same images and the same first weights, and a faster engine.

# %% jupyter={"source_hidden": true}
from fedlab_widgets import Lab, Task

tasks = [
    Task(
        "Press **Step** a few times: each press is one round, the steps 5, 2, 3 and 4.",
        done=lambda runs: any(map(len, runs)),
    ),
    Task("Press **Run** for the rest of the 10 rounds.", experiment),
    Task(
        "Go through the images **once** a round instead of five times. Answer the new question, then **Run**.",
        one_epoch,
    ),
]
lab = Lab(experiment, controls=["local_epochs", "learning_rate", "rounds"], prediction=guess, tasks=tasks)
lab

# %% [markdown]
# ## What happened, and why
#
# What we claim, held against what your runs did:

# %% jupyter={"source_hidden": true}
from fedlab.lessons import Claim
from fedlab_widgets import claims


def right(run, rounds=10):
    """The test accuracy after so many rounds, in per cent."""
    return 100 * run.rounds[rounds - 1].test_accuracy


claims(
    lab,
    [experiment],
    [
        Claim("The first round alone brings it above 80 %", lambda run: right(run, 1), above=80, unit="%"),
        Claim("After 10 rounds it is above 91 %", right, above=91, unit="%"),
        Claim(
            "The last 5 rounds gain less than 2 points", lambda run: right(run) - right(run, 5), below=2, unit="points"
        ),
        Claim(
            "10 rounds sent 3 models of 797 kB down and up, ten times",
            lambda run: round(sum(one.bytes_down + one.bytes_up for one in run) / 1e6, 1),
            equals=47.8,
            unit="MB",
        ),
    ],
)

# %% [markdown]
# And with one epoch a round:

# %% jupyter={"source_hidden": true}
claims(
    lab,
    [experiment, one_epoch],
    [
        Claim(
            "After 10 rounds one epoch a round is more than a point behind five",
            lambda five, one: right(five) - right(one),
            above=1,
            unit="points",
        ),
        Claim(
            "Its accuracy does not only rise: the deepest fall in one round is more than a point",
            lambda five, one: max(right(one, number) - right(one, number + 1) for number in range(1, 10)),
            above=1,
            unit="points",
        ),
    ],
)

# %% [markdown]
# How can a round make the shared model *worse*? [Lesson 03](03_non_iid.ipynb) shows it on a map, one step at a time. When more
# local work pays, and when not, is [lesson 02](02_fedavg.ipynb).
#
# Was it worth the trouble? Compare with two **yardsticks**. *Alone*: every party trains 10 × 5 epochs on its own 1,000 images
# and never hears of the others. *Central*: one computer holds all 3,000 images, which is what nobody may do.

# %%
from fedlab.lessons import train

runs = train(
    {
        "each party alone": experiment.with_(algorithm="alone"),
        "federated (FedAvg)": experiment,
        "all images in one place": experiment.with_(algorithm="central"),
    },
    what="Three ways",
)
show(
    pictures_01.yardsticks(runs),
    alt="Test accuracy over 10 rounds: each party alone lowest, federated in the middle, central highest.",
)
alone, together, central = map(right, runs.values())
claim("Together they are more than 2 points better than alone", together - alone, above=2, unit="points")
claim("Having all images in one place would gain less than 1 point more", central - together, below=1, unit="points")

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

# %% [markdown] tags=["exercise"]
# ## Exercises
#
# Write your code in place of `raise NotImplementedError()`, run the cell, then run the check below it. A check tells you
# what is wrong; it does not know the answer, only what must be true of it.

# %% tags=["exercise"]
import numpy as np

from fedlab.lessons import checks_01 as check

# %% [markdown] tags=["exercise"]
# **1. The objective.** `losses` is an array of every party's $F_k(w)$, `sizes` an array of its $n_k$. Return $F(w)$.


# %% nbgrader={"grade": false, "grade_id": "objective", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["exercise"]
def objective(losses, sizes):
    ### BEGIN SOLUTION
    return np.dot(losses, sizes) / np.sum(sizes)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "objective-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false} tags=["exercise"]
check.check_objective(objective)

# %% [markdown] tags=["exercise"]
# **2. The average.** `sizes` is an array of $K$ numbers, `weights` an array of shape $(K, P)$: one row of $P$ weights for
# each party. Return the server's new model, $P$ weights. One line of NumPy is enough.


# %% nbgrader={"grade": false, "grade_id": "average", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["exercise"]
def average(sizes, weights):
    ### BEGIN SOLUTION
    return sizes / np.sum(sizes) @ weights
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "average-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false} tags=["exercise"]
check.check_average(average)

# %% [markdown] tags=["exercise"]
# **3. The bytes of a round.** A model has `weights` weights of 32 bits each, and `parties` parties take part. How many bytes
# travel in one round, all together?


# %% nbgrader={"grade": false, "grade_id": "bytes", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["exercise"]
def bytes_of_a_round(weights, parties):
    ### BEGIN SOLUTION
    return 2 * parties * weights * 32 // 8
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "bytes-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false} tags=["exercise"]
check.check_bytes(bytes_of_a_round)

# %% [markdown] tags=["exercise"]
# **4. Find what is shared.** Write the alarm that the articles lack. `models` is a list with one model for each party. Return
# `True` if any two parties hold the same model *object*, else `False`. Two different objects that happen to have equal weights
# are fine: that is how every round begins.


# %% nbgrader={"grade": false, "grade_id": "shared", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["exercise"]
def shares_a_model(models):
    ### BEGIN SOLUTION
    return len({id(model) for model in models}) < len(models)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "shared-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false} tags=["exercise"]
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
# - **Round**: steps 5, 2, 3 and 4, once; step 1 happens before all rounds. **Local epoch**: one pass of a party through its own data.
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
