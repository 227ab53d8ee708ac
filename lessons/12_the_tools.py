# %% [markdown]
# # 12 The tools: the same run elsewhere
#
# This kit is for learning. Whoever builds something real takes a framework. Four names come up wherever federated learning is explained: **Flower**,
# **TensorFlow Federated**, **PySyft** and **FATE**. You take a run of this kit, and run it there. If the four do what they
# say, and the kit does what it says, the weights must be the same. That is a test of all five.
#
# After this lesson you will be able to
#
# 1. say what each of the four calls a party, the server, a round, the optimiser, and security, and read a program in one of them,
# 2. choose one of them for a job, and say what it costs to start,
# 3. find a fault in a tool that everybody uses: by weights, where accuracy says nothing.
#
# About 40 minutes, 10 for *More, if you like*, and 25 for the exercises.

# %% [markdown] tags=["notebook"]
# Run the grey boxes from the top, with Shift+Enter or *Run > Run All Cells*. The questions wait for your answer. None of the four has to be installed: what
# they did is in a file, and the page says how to do it yourself.

# %% [markdown]
# ## Before you start
#
# Ten parties, 600 images each, five local epochs, three rounds: 199,210 weights, 2,850 steps of SGD. Each framework gets the same images,
# the same first weights, and the same order of images. The rest happens there. TensorFlow Federated and FATE compute the gradients, the
# steps and the mean with code of their own. Flower takes the mean, and leaves the gradients to you. PySyft carries programs and answers, and leaves both to
# you: there the gradients are some lines of NumPy, which the kit writes.

# %% jupyter={"source_hidden": true}
from fedlab.lessons import claims_12 as promised
from fedlab_widgets import predict

guess = predict(
    "After round 1, by how much does the farthest of all weights differ from the kit's, in the worst of the four?",
    promised.FAR,
    truth=promised.how_far,
    why="There is one gradient and one mean. Two programs may add up in another order, and then the last digit of a float differs, and no more.",
)
guess

# %% [markdown]
# ## The lab

# %%
from fedlab_widgets import Lab, Task

lab = Lab(
    promised.RUN,
    controls=["algorithm", "mu", "local_epochs"],
    prediction=guess,
    tasks=[Task("**The run that goes on a journey**: press **Run**.", promised.RUN)],
)
lab

# %% [markdown]
# Now take it along. Open the tab **Code**: the program there repeats the run in this kit. Below it choose a framework, and press **Write it for another
# framework**. You get a folder with a program of at most 120 lines, everybody's images, the first weights, and a page
# (`README.md`) that says how to run it. When it runs, it prints after each round how far its weights are from the kit's. Then choose SCAFFOLD as the algorithm, run
# one round, and try again: it is refused. The kit writes only what must come out the same: FedAvg for all four, and FedProx for all but FATE, which has none.
#
# ## The same run, five times

# %% jupyter={"source_hidden": true}
from fedlab.lessons import pictures_12 as pictures
from fedlab.lessons import published_12 as published
from fedlab_widgets import show

show(
    pictures.five(published.accuracies(), published.distances(published.TEN)),
    alt="Left: test accuracies over three rounds, five marks side by side at the same height in each. Right: how far each framework's farthest weight is from "
    "the kit's, on a logarithmic axis: below a millionth after round 1, and growing from round to round in all four alike.",
)

# %% [markdown]
# **Left: one curve.** The gradients are from NumPy (the kit, Flower, PySyft), TensorFlow and PyTorch (FATE).
#
# **Right: why the distance grows.** Floats have some seven digits, and $(a + b) + c$ is not always $a + (b + c)$. After one round all are within a
# millionth. Then a weight that differs in its last digit puts a ReLU on the other side of 0 for some image. That image's gradient is then another one, and
# the difference grows. It moves at most a few of 10,000 test images. In round 2 all four are equally far away: the four fell on one side of 0, and the kit
# on the other. Neither is right; both are rounded.
#
# So who compares two programs should compare **weights, after one round, with all images in one batch**. In so few steps hardly anything is
# amplified, and a difference that is larger than rounding is a fault. (`make bridges` runs this, makes the picture's file, and fails if a bound is missed.)
#
# ## What is called what

# %% jupyter={"source_hidden": true}
from fedlab_widgets import show_table

show_table(published.called(), "The same things, in the words of each", exact=True)

# %% [markdown]
# Nearly each of these words is a line in the program that the kit has written. Here is one of the four programs. Find the lines of the table in it.

# %%
from fedlab.bridges import TARGETS
from fedlab_widgets import show_file

framework = TARGETS["tff"]  # or "flower", "pysyft", "fate"
show_table(published.seen(framework.name), framework.title, exact=True)
show_file(framework.program[0], framework.source(framework.program[0]))

# %% [markdown]
# Which lines are *federated* in it? In TensorFlow Federated hardly any: you say what a model is, and get a process whose `next` is a round. In
# Flower and PySyft you write the training yourself. In FATE you fill in a form (`TrainingArguments`), and a
# trainer that was made for one machine calls the round after some epochs.
#
# To run it for real, write the folder and follow its page:

# %%
from pathlib import Path
from tempfile import mkdtemp

folder = Path(mkdtemp()) / framework.name
framework.export(promised.RUN.with_(parties=3, examples=300), folder)
page = (folder / "README.md").read_text()
print(page[page.index("## How to run it") : page.index("The program is")])

# %% [markdown]
# From a copy of the kit's repository one command does it all, in an environment of its own: `make bridge-tff` (or `bridge-flower`, `bridge-pysyft`,
# `bridge-fate`; Linux, Python 3.11).
#
# ## What each is for, and what it costs to start

# %% jupyter={"source_hidden": true}
show_table(published.costs(), "Ten parties, 600 images each, on two cores: make bridges", digits=1)

# %% [markdown]
# On disk is an environment with the framework and all that it needs. Memory is that of all processes together. The kit's line is from `python -m
# benchmarks.flower`. The kit is quick because it was made for exactly this, and for nothing else. PySyft's seconds are the asking: thirty requests, each read
# and approved.
#
# | | is for | is not for | security |
# | --- | --- | --- | --- |
# | **Flower** | training on many machines, and trying that on one first; any library for the training | people who want the training done for them | TLS, keys for nodes; secure sums with its older strategies |
# | **TensorFlow Federated** | research: new algorithms, in simulation, with thousands of parties | real devices: there is no way out of the simulation | simulated only |
# | **PySyft** (0.9.5) | owners of data who want to be asked before anything runs | rounds without end: each is asked for | consent; nothing hides what comes out |
# | **FATE** | a few companies with servers, rows or columns apart | a laptop; parties that may be missing | secure sums by default; encryption that adds, for columns |
#
# How alive are they? Flower 1.42.0 installs beside everything here. TensorFlow Federated's last release, 0.87.0, is of September 2024, and runs with Python
# 3.11 at most. PySyft 0.10
# kept the name and is another program: no Datasites that you log in to, but folders that peers share. Whoever wants Datasites pins
# 0.9.5. FATE is at 2.2.0. None of the last three can be installed by naming it alone any more: the kit's `requirements.txt` in each folder has versions that
# work together. **A tool is also the people who keep it running.**
#
# ## Consent: PySyft
#
# PySyft asks another question than the others: not *how do we train*, but *who may run what on whose data*. A party is a **Datasite** with an owner. Whoever wants
# to learn from its data sends a program. The owner reads it and says yes or no. First somebody simply asks for the images:

# %% jupyter={"source_hidden": true}
from textwrap import indent

for step, text in published.consent().items():
    print(f"{step}\n{indent(text, '    ')}\n")

# %% [markdown]
# So the program is what an owner must judge. Be one. You hold 1,000 images, and three requests have come in. What leaves is what the function returns.

# %%
from fedlab.lessons import requests_12 as requests
from fedlab_widgets import show_source

show_source(*requests.REQUESTS.values())

# %% jupyter={"source_hidden": true}
which = predict(
    "Which of the three hands one of your images over, to anybody who knows lesson 07?",
    list(requests.REQUESTS),
    why="One image's gradient is that image, times a number for each class. Of five steps on 1,000 images only averages are left.",
)
which

# %% jupyter={"source_hidden": true}
from fedlab.lessons import claim
from fedlab.lessons.pictures import images

leaves = requests.answers()
which.compare(max(leaves, key=lambda name: leaves[name][0]))
show(
    images(requests.pairs(leaves)),
    alt="For each request, on the left what leaves, as a picture, and on the right the image of yours that is most like it. The mean is a blur, what was "
    "trained is a blurred 1, and the one step is a 5 that cannot be told from the image.",
)
claim("Correlation of what one_step lets out with one of your images", leaves["one_step"][0], above=0.999)
claim("Of what trained lets out, with the image most like it", leaves["trained"][0], below=0.95)

# %% [markdown]
# All three requests are polite and short, and all three return numbers and no image. **Consent is only as good as the reader.** And the mean of 1,000 images is
# harmless here; of two patients who have a rare disease it is not. That is what the noise of lesson 07 is for.
#
# Two things that an owner should know of PySyft 0.9.5. What was approved runs in the Datasite's own process and may do anything there
# (CVE-2026-31220): reading is the *only* protection. And what was approved for one execution may be run again: the count goes up, and nobody looks at it
# ([issue 9391](https://github.com/OpenMined/PySyft/issues/9391)). Noise that is drawn anew each time is then averaged away.
#
# ## Roles: FATE
#
# FATE was begun at a bank. A bank and a shop share *customers*, but each knows something else about them: the columns are split (lesson 11). So its parties
# have roles.
#
# | role | in our run | where columns are split |
# | --- | --- | --- |
# | **guest** | party 0, who asks for the training | knows the labels: the label holder of lesson 11 |
# | **host** | the other parties | has more columns about the same people |
# | **arbiter** | the server: adds up what it cannot read | holds a key, where one is needed |
#
# The kit's folder for FATE has a second program, `secureboost.py`: trees over split columns. The guest has the digits and the upper half of each image, the
# host the lower half. The question is whether the digit is odd. The guest encrypts its gradients with Paillier's scheme, in which one can add without
# reading. The host adds them up for each place where one of its pixels could split a tree, without being able to read them. The guest decrypts the sums, and
# takes the best split of both.

# %% jupyter={"source_hidden": true}
show_table(published.boosted(), "FATE's HeteroSecureBoost: 300 images, 3 trees, 1,000 test images (make bridge-fate)")

# %% [markdown]
# ## How to choose
#
# Ask in this order. The first *yes* is usually the answer.
#
# 1. **Do you want to understand, or to try an idea in an evening?** Stay here, or write it in NumPy: a round is ten lines.
# 2. **Are the same people's columns apart?** FATE. (Lesson 11 shows the idea.)
# 3. **Must an owner say yes to each program?** PySyft, or the idea of it: a request that somebody reads. Add noise: consent does not look at what comes out.
# 4. **May nobody read a single update?** FATE adds under masks by default; anything else needs lesson 07's masks or noise, written by you.
# 5. **Do you invent an algorithm, and simulate?** TensorFlow Federated is well thought through, if you can live with old versions. Flower simulates too.
# 6. **Will it run on other people's machines?** Flower, or a framework of its kind; and lesson 09's questions: who may join, what may run?
#
# All four are free, under the Apache licence 2.0. Whatever you choose: pin the versions, and **keep one small run whose weights you know**. It is the yardstick for the next version.

# %% [markdown]
# ## Six faults
#
# All that you have seen so far agreed. Some things did not. Here are **six faults**, four of them in tools or in what is written about them. This is
# no list of shame: these tools are made by people who know more about this than most, and the mistakes are everybody's. Ask of each one: *how would I
# have noticed?*
#
# | fault | where we read it, on 28 November 2026 |
# | --- | --- |
# | 1. A proximal term that pushes | TensorFlow Federated 0.87.0, `learning/templates/proximal_client_work.py`, lines 90 and 202. FedProx adds μ (w_t − w) to the gradient instead of μ (w − w_t): the larger μ, the further parties go. Its description says what it should do: keep them near. |
# | 2. A sum for a mean | FATE 2.2.0, `arch/protocol/secure_aggregation/_secure_aggregation.py`, lines 72 to 118, with `aggregator="plaintext"`. The party sends its model and its share, but not multiplied. The server adds the models up and divides by the sum of the shares, which is 1. A comment calls this way *for test only*; the usual one, with masks, is right. |
# | 3. A norm without its square | Flower 1.42.0, the example in the text about `FedProx` (`serverapp/strategy/fedprox.py`, line 67). It adds up one norm for each array; our copy below takes one norm of all. The formula above it has the square, and the program for Flower's own FedProx experiments got it in 2023 ([pull request 2210](https://github.com/flwrlabs/flower/pull/2210)). |
# | 4. An average without weights | FedLab 1.3.0 (another one, of SMILELab), `contrib/algorithm/basic_server.py`, `global_update`: the function that averages takes weights, and is called without. Also the much copied `average_weights` of [Federated-Learning-PyTorch](https://github.com/AshwinRJ/Federated-Learning-PyTorch/issues/27). It is right as long as all parties have equally many examples. |
# | 5. A proximal term divided by the batch | No tool that we know. Whoever adds up the losses of a batch and divides at the end is close to it. |
# | 6. One model for all parties | A mistake for everybody who simulates parties in one program. `set_weights` of Keras leaves the optimiser's memory where it is. PySyft's tutorial met it with one optimiser for all, in 2019 ([2648](https://github.com/OpenMined/PySyft/pull/2648)). TensorFlow Federated wants a function that makes a new model each time, and refuses a finished one. |
#
# Here they are, in a line or two each. `total` is the sum of a batch's slopes, and `size` how many examples that are. What is right you know: a step follows
# $\frac1B \sum_i \nabla l_i + \mu\,(w - w_t)$, and the mean is $\sum_k \frac{n_k}{n} w_k$. The lines for that are yours to write, in the exercises.

# %%
from fedlab.lessons import fault_tests, faults
from fedlab_widgets import show_lines

show_lines(
    {
        r"1. pushed: $\dots + \mu\,(w_t - w)$": (faults.pushed, "return"),
        r"3. unsquared: $\dots + \frac\mu2\,(w - w_t) / \lVert w - w_t \rVert$": (faults.unsquared, "return"),
        r"5. divided: $\frac1B \bigl(\sum_i \nabla l_i + \mu\,(w - w_t)\bigr)$": (faults.divided, "return"),
        r"2. summed: $\sum_k w_k / \sum_k \frac{n_k}{n}$": (faults.summed, "return"),
        r"4. unweighted: $\frac1K \sum_k w_k$": (faults.unweighted, "return"),
    }
)
show_source(faults.one_model_for_all)

# %% jupyter={"source_hidden": true}
LOWER, BELOW, EITHER = (
    "at least 5 points lower, always",
    "lower by less than 5 points, always",
    "higher about as often as lower, or more often",
)
seen = predict(
    "Three parties with 579, 1,179 and 1,242 images, three rounds. Each fault runs with three seeds, beside the same run without it. With "
    "a fault the test accuracy is …",
    [LOWER, BELOW, EITHER],
    why="Fault 1 lets parties run where FedProx holds them back. In the first rounds whoever runs is ahead, and accuracy praises the fault.",
)
seen

# %% jupyter={"source_hidden": true}
import numpy as np

from fedlab.lessons import size, watch

symptoms = {
    fault.title: fault_tests.symptom(fault, seeds=range(size(3, 1)))
    for fault in watch(fault_tests.FAULTS, "Running each fault")
}
show_table(
    [
        {
            "fault": title,
            "accuracy without, %": np.mean(one.kit),
            "with, %": np.mean(one.faulty),
            f"runs of {len(one.kit)} in which it is higher with": one.ahead,
            "weights differ by": f"{one.difference:.3f}",
            "and without the fault by": f"{one.without:.0e}",
        }
        for title, one in symptoms.items()
    ],
    "Accuracy after round 3, mean of the seeds; weights after round 1: the largest difference from the kit's",
)

# %% jupyter={"source_hidden": true}
runs = sum(len(one.kit) for one in symptoms.values())
ahead = 100 * sum(one.ahead for one in symptoms.values()) / runs
change = max(abs(a - b) for one in symptoms.values() for a, b in zip(one.kit, one.faulty, strict=True))
seen.compare(EITHER if ahead > 40 else BELOW if change < 5 else LOWER)
claim("Of the runs with a fault, those that are more accurate than without", ahead, above=40, unit="%")
claim("The most that accuracy changes", change, below=5, unit="points")
claim("What is right is off the kit's weights by at most", max(one.without for one in symptoms.values()), below=1e-6)
claim(
    "A fault is off by so many times as much, at least",
    min(one.difference / one.without for one in symptoms.values()),
    above=1e4,
)

# %% [markdown]
# **Accuracy gives none of the six away.** The model is softmax regression. Faults 1, 3 and 5 stand beside FedProx with $\mu = 0.1$, faults 2 and 4 beside
# FedAvg, and fault 6 beside FedAvg with momentum. The sum makes all weights about three times too large. Such a model gives nearly the same answers: the
# largest of ten numbers stays the largest. It loses a point or two, and who has no right run beside it sees nothing wrong. A wrong FedProx is even rewarded.
# **The comparison of weights finds all six**, in one round: without a fault they differ in the last digit of a float, and with one by more than ten thousand
# times as much.
#
# Those are our copies of the faults. The tools themselves were run too, by `make bridges`: one round, all images in one batch. For FedProx that were
# five epochs with $\mu = 1$: in the first step a party is still at the shared model, and the term is 0 whatever its sign.

# %% jupyter={"source_hidden": true}
claim("FedProx of TensorFlow Federated, as it is, is off the kit's by", published.fedprox("as it is", "+μ"), above=1e-3)
claim("and off the kit's with −μ for μ by", published.fedprox("as it is", "-μ"), below=1e-6)
claim("What FATE's plaintext aggregator returns is off the mean by", published.plaintext("the mean"), above=1e-2)
claim("and off the sum by", published.plaintext("the sum"), below=1e-6)

# %% [markdown]
# There is another way, without a second program: **turn the knob and look whether it does what it is for.** μ is there to keep parties near the shared model.

# %% jupyter={"source_hidden": true}
strengths = (0, 0.01, 0.1, 0.3, 1)
kinds = {
    "right": faults.pulled,
    "1. pushes": faults.pushed,
    "3. not squared": faults.unsquared,
    "5. divided by the batch": faults.divided,
}
far = {name: fault_tests.distances(kind, strengths) for name, kind in kinds.items()}
show_table(
    [
        {"proximal term": name} | {f"μ = {mu:g}": one for mu, one in zip(strengths, row, strict=True)}
        for name, row in far.items()
    ],
    "How far the parties are from the shared model after one round, mean of three",
    digits=2,
)
claim(
    "With μ = 1 instead of 0, what is right goes less far, by a factor of", far["right"][0] / far["right"][-1], above=3
)
claim("What pushes goes further, by a factor of", far["1. pushes"][-1] / far["1. pushes"][0], above=100)
claim(
    "What is divided goes nearly as far as with μ = 0", far["5. divided by the batch"][-1] / far["right"][0], above=0.8
)

# %% [markdown]
# ## The tests that turn red
#
# Each fault can have a test that finds it. A good test needs no data set, no long run, and no right answer to compare with. It says **one thing that must hold
# whatever the numbers are**. `w_t` is some model, `away` some difference from it, and `still` a slope of nothing but zeros.

# %%
show_source(*[fault.test for fault in fault_tests.FAULTS])

# %%
show_table(fault_tests.verdicts(), "Each test, on the wrong and on the right function", exact=True)

# %% [markdown]
# Each of these is a few lines, and would have found its fault on the day the fault was written. Mind what a test does *not* say: *the average of equal
# models is that model* is green on fault 4 too. That is why there are two.
#
# What to do when you find one? Run the smallest example that shows it, look whether somebody has reported it, and write to the people who made the tool:
# version, file, what you expect, what comes. They will be glad.

# %% [markdown]
# ## More, if you like: OpenMined's three small libraries
#
# OpenMined, who make PySyft, also make three small libraries. They need no framework: they work next to the kit.
#
# **TenSEAL: the server averages what it cannot read.** Lesson 07 hid each message under masks. Here each party encrypts, all with the same key
# $s$, and the server, who has no key, adds ciphertexts. That is **homomorphic encryption**:
#
# $$\mathrm{Dec}_s\Big(\sum_k \mathrm{Enc}\big(\tfrac{n_k}{n} w_k\big)\Big) \approx \sum_k \tfrac{n_k}{n} w_k$$
#
# The scheme is CKKS (Cheon, Kim, Kim and Song 2017). It rounds, so $\approx$.

# %%
from fedlab.openmined import encrypted

show_source(encrypted.encrypted_mean, encrypted.add)

# %%
# %%needs_privacy
import numpy as np

from fedlab import Experiment
from fedlab.lessons.one_upload import first_round

sent = first_round(Experiment(parties=3, examples=3_000, model="softmax", partition="quantity"))
updates = [sent.update(party) for party in sent.uploads]
counts = [upload.examples for upload in sent.uploads.values()]

found = encrypted.encrypted_mean(updates, counts)
open_mean = np.average(np.array(updates, np.float64), axis=0, weights=counts)
claim("Largest error of the encrypted mean", float(np.abs(found.mean - open_mean).max()), below=1e-6)
claim("Bytes that a party sends, by those of open messages", found.bytes_up / updates[0].nbytes, above=8)

# %% jupyter={"source_hidden": true}
show_table(
    published.openmined("mean"),
    "Milliseconds of the processors, all parties together; python -m benchmarks.openmined mean",
    digits=2,
)

# %% [markdown]
# Masks send hardly more than open messages; TenSEAL sends eight times as much, and takes some thirty times the work of masks. What for? The parties agree on
# one key, once, instead of on a mask for each two of them in each round; and if one drops out, nobody has to hand over shares of its secrets. What it does
# **not** protect: all parties have that key, so one party and the server together read everybody. And nobody may tell the server the mean: a ciphertext and
# exactly what it decrypts to give the key away (Li and Micciancio 2021). Then who tests the model?
#
# **openmined-psi: whom do both know?** You have met it in lesson 11, next to our twenty lines: the same answer, on an elliptic curve, in a
# thirtieth of the time.

# %% jupyter={"source_hidden": true}
show_table(published.openmined("psi"), "Seconds of the processors; python -m benchmarks.openmined psi", digits=1)

# %% [markdown]
# **PyDP: numbers about data that nobody may see.** The server would like to know how many images of each digit a party has. The party answers with
# noise from Laplace's distribution, of scale $1/\varepsilon$. An image more or less changes one count by 1, so no answer gets more than $e^\varepsilon$ times
# as likely by it. All ten counts together cost $\varepsilon$ once: an image is in one of them. But ask a hundred times, and take the mean:

# %% tags=["nbval-ignore-output"]
# %%needs_privacy
from fedlab.openmined import private_counts

labels = sent.labels(2)
print("true      ", np.bincount(labels, minlength=10))
print("one answer", private_counts(labels, 10, epsilon=0.1))
print(
    "the mean of a hundred",
    np.mean([private_counts(labels, 10, epsilon=0.1) for _ in range(100)], axis=0).round().astype(int),
)

# %% [markdown]
# The noise is gone, and so is the privacy: $\varepsilon$ adds up. That is an upper bound. The accountant of lesson 07, Google's dp-accounting, finds a lower
# one if a small δ is allowed:

# %% jupyter={"source_hidden": true}
from fedlab.openmined import epsilon_of

show_table(
    [{"answers": n, "ε, added up": 0.1 * n, "ε at δ = 0.00001": epsilon_of(0.1, n, 1e-5)} for n in (1, 10, 100, 1_000)],
    "Each answer with ε = 0.1",
    digits=2,
)

# %% [markdown]
# Ten answers save one per cent. An answer tells the most that it can with probability ½. So all ten do with $2^{-10}$, which is far more than δ. A
# hundred save more than half: that all of them tell the most is too unlikely to count.

# %% [markdown] tags=["exercise"]
# ## Exercises
#
# Write your code in place of `raise NotImplementedError()`, run the cell, then run the check below it. A check tells
# you what is wrong; it does not know the answer, only what must be true of it.

# %% tags=["exercise"]
import numpy as np

from fedlab.lessons import checks_12 as check

# %% [markdown] tags=["exercise"]
# **1. Faults 1 and 5.** A party follows $\nabla F_k(w) + \mu\,(w - w_t)$. You get `total`, an array: the slopes of a batch's examples, added up; `size`, how many
# examples that are; `w` and `w_t`, arrays; and `mu`. Return the direction of the step. (The step itself is $w \leftarrow w - \eta$ times it.)


# %% nbgrader={"grade": false, "grade_id": "direction", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["exercise"]
def direction(total, size, w, w_t, mu):
    ### BEGIN SOLUTION
    return total / size + mu * (w - w_t)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "direction-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false} tags=["exercise"]
check.check_direction(direction)

# %% [markdown] tags=["exercise"]
# **2. Fault 3.** Other frameworks want the term that is added to the loss, $\frac\mu2 \lVert w - w_t \rVert^2$, over all weights. `weights` and `sent` are lists of
# arrays, as `model.get_weights()` gives them: the party's now, and those that were sent to it. Return the term, a number.


# %% nbgrader={"grade": false, "grade_id": "proximal-loss", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["exercise"]
def proximal_loss(weights, sent, mu):
    ### BEGIN SOLUTION
    return mu / 2 * sum(np.sum((w - w_t) ** 2) for w, w_t in zip(weights, sent, strict=True))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "proximal-loss-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false} tags=["exercise"]
check.check_proximal_loss(proximal_loss)

# %% [markdown] tags=["exercise"]
# **3. Faults 2 and 4.** `models` is a list of arrays, one for each party, and `sizes` a list of how many examples each has. Return the shared model, an array.


# %% nbgrader={"grade": false, "grade_id": "mean-model", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["exercise"]
def mean_model(models, sizes):
    ### BEGIN SOLUTION
    return sum(n_k * w_k for n_k, w_k in zip(sizes, models, strict=True)) / sum(sizes)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "mean-model-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false} tags=["exercise"]
check.check_mean_model(mean_model)

# %% [markdown] tags=["exercise"]
# **4. Fault 6.** `make()` gives you a new model with an optimiser of its own. It has `set_weights(w)`, `fit(party)` and `get_weights()`, as in Keras. Train each of
# `parties` from the weights `shared`. Return a list of what each party's weights are then.


# %% nbgrader={"grade": false, "grade_id": "local-models", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["exercise"]
def local_models(make, shared, parties):
    ### BEGIN SOLUTION
    trained = []
    for party in parties:
        model = make()
        model.set_weights(shared)
        model.fit(party)
        trained.append(model.get_weights())
    return trained
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "local-models-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false} tags=["exercise"]
check.check_local_models(local_models)

# %% [markdown] tags=["exercise"]
# **5. A test of your own.** Somebody hands you a function `average(models, sizes)`, as in exercise 3. Call it with models and sizes of your own. Return True
# if it is right, and False if it is not. There are wrong ones that you have not seen here; and a right one may round.


# %% nbgrader={"grade": false, "grade_id": "is-right", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["exercise"]
def is_right(average):
    ### BEGIN SOLUTION
    models = [np.array([0.0, 1.0]), np.array([4.0, 1.0]), np.array([2.0, 1.0])]
    return np.allclose(average(models, [100, 200, 100]), [2.5, 1.0])
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "is-right-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false} tags=["exercise"]
check.check_is_right(is_right)

# %% [markdown] tags=["exercise"]
# **To think about.** Somebody copies the example of fault 3 into a program, and publishes its accuracies beside those of FedAvg. Are those results wrong?
# What was compared with what?

# %% [markdown]
# ## What this does not show
#
# - **The frameworks at their best.** They were made for many machines, and that costs at the start. Ten parties on two cores show the cost and not what it buys.
# - **All that they can do.** We compare FedAvg with dense layers, because all four can. Each has more; the kit's page in each folder says what it lacks.
# - **Next year.** Versions are from the day that stands in the result file. Faults get mended.
# - **Who else there is.** NVIDIA FLARE, OpenFL, FedML and others are not here. The article that this kit grew out of named four tools.
#
#
# ## Words
#
# - **Framework**: a program that runs yours, and decides when.
# - **Datasite**, **mock**, **code request**: PySyft's place with somebody's data; made-up data of the same shape; a program that asks to run there.
# - **Guest**, **host**, **arbiter**: FATE's party that asks, the other parties, and the server.
# - **ClientApp**, **ServerApp**; **SuperNode**, **SuperLink**: Flower's two halves of a program, and what runs them.
# - **Homomorphic encryption**: one can add what one cannot read.
# - **Regression test**: a test that keeps a fault from coming back.
#
# ## Where next
#
# - The code: `fedlab/bridges/` (the four programs are in `programs/`), `fedlab/openmined/`, `fedlab/lessons/faults.py`; `benchmarks/bridges.py` and
#   `benchmarks/openmined.py` make the measured tables.
# - Flower: [flower.ai/docs](https://flower.ai/docs/framework/), and lesson 09. D. J. Beutel and others, 2020, [arXiv 2007.14390](https://arxiv.org/abs/2007.14390).
# - TensorFlow Federated: [tensorflow.org/federated](https://www.tensorflow.org/federated/get_started), best *Building Your Own Federated Learning Algorithm*;
#   [google-parfait/tensorflow-federated](https://github.com/google-parfait/tensorflow-federated).
# - PySyft: [docs.openmined.org](https://docs.openmined.org/en/latest/), part 4 of *Getting started* is the owner's side; A. Trask, E. Bluemke and others,
#   *Beyond Privacy Trade-offs with Structured Transparency*, 2020, [arXiv 2012.08347](https://arxiv.org/abs/2012.08347).
# - FATE: [FederatedAI/FATE](https://github.com/FederatedAI/FATE), in `doc/2.0/fate/ml`. K. Cheng and others, *SecureBoost*, 2019, [arXiv
#   1901.08755](https://arxiv.org/abs/1901.08755).
# - Encryption that adds: J. H. Cheon, A. Kim, M. Kim and Y. Song, *Homomorphic Encryption for Arithmetic of Approximate Numbers*, 2017, [ePrint
#   2016/421](https://eprint.iacr.org/2016/421).
