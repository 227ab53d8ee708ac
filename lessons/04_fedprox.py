# %% [markdown]
# # 04 FedProx
#
# Parties differ: in their data, and in how much work they manage. FedProx is FedAvg with two small changes for that. This
# lesson takes them apart, shows how one finds out which of two methods is better, and ends with a bug hunt. About 35
# minutes, and 25 more for the exercises.
#
# After this lesson you will be able to
#
# 1. say what $\mu$ does to a local step, what happens to the work of a slow party, and which of the two helped,
# 2. compare two methods over seeds, by paired differences with an interval, and say how many seeds are enough,
# 3. test a proximal term by finite differences, and find the one right term among four from real code.

# %% [markdown] tags=["notebook"]
# Run the grey boxes from the top, with Shift+Enter or *Run > Run All Cells*. The questions wait for your answer.

# %% [markdown]
# ## Before you start
#
# 30 parties, 10 of them take part in each round, and the server gives them time for 20 local epochs. But nine of the ten are
# **stragglers**: when the time is up, they have done only some of their epochs, anything from 1 to 20.
#
# - **FedAvg** drops stragglers. Their work is lost.
# - **FedProx** takes what they have, and it also pulls each party back towards the shared model with strength $\mu$.
#
# The data are *synthetic(1, 1)*, made for the paper that introduced FedProx: every party has a truth of its own, so the
# parties disagree, and the average must be a compromise.

# %%
from fedlab import Experiment

fedavg = Experiment(
    dataset="synthetic",
    partition="natural",  # every party keeps the examples that were made for it
    parties=30,
    examples=60_000,  # at most: these parties made fewer
    model="softmax",
    participation=0.33,
    local_epochs=20,
    batch_size=10,
    learning_rate=0.01,
    stragglers=0.9,
    rounds=30,
)
keeps = fedavg.with_(algorithm="fedprox", mu=0.0)  # only keeps the work of stragglers
pulls = fedavg.with_(algorithm="fedprox", mu=1.0)  # keeps it, and pulls
in_time = [one.with_(stragglers=0.0, rounds=5) for one in (fedavg, keeps)]  # nobody is late

# %% [markdown]
# ## The lab
#
# Three runs tell the two ideas apart. Look at both plots, the accuracy and below it the loss. Then come two more runs, in
# which nobody is late.

# %% jupyter={"source_hidden": true}
from fedlab.lessons import claims_04 as promised
from fedlab_widgets import Lab, Task, claims, predict

same = predict(
    "Now nobody is late: stragglers 0. How will the loss of FedAvg and that of FedProx with μ = 0 compare?",
    promised.CURVES,
    truth=promised.same_curve(*in_time),
    why="Without stragglers there is no partial work to keep, and with μ = 0 nobody is pulled: nothing is left of FedProx.",
)
guess = predict(
    "Nine of ten are late. Which of FedProx's two ideas lowers the loss more in these 30 rounds?",
    promised.IDEAS,
    truth=promised.which_idea(fedavg, keeps, pulls),
    why="FedAvg throws nine of ten parties' work away and averages one. There was most to win.",
    then=same,
)
tasks = [
    Task("Run **FedAvg**: it drops the stragglers.", fedavg),
    Task("Run **FedProx with μ = 0**: only the first idea.", keeps),
    Task("Run **FedProx with μ = 1**: both ideas.", pulls),
    Task("Nobody is late: run **FedAvg** with **stragglers 0**, 5 rounds.", in_time[0]),
    Task("The same with **FedProx, μ = 0**. Where is its curve?", in_time[1]),
]
lab = Lab(fedavg, controls=["algorithm", "mu", "stragglers"], prediction=guess, tasks=tasks)
lab

# %% [markdown]
# ## What happened, and why

# %%
claims(lab, [fedavg, keeps, pulls], promised.THREE_RUNS)

# %% [markdown]
# ### The first idea: partial work counts
#
# FedAvg in this setting averages *one* party. So the shared model jumps from one party's truth to the next one's. FedProx
# averages ten: those that did 3 epochs and those that did 20. It is one word in an algorithm's class, `keeps_partial_work`,
# and this function obeys it:

# %%
from fedlab.systems import reporting
from fedlab_widgets import show, show_lines, show_source

show_source(reporting)

# %% [markdown]
# Here $\mu$ plays no part. Whoever says "FedProx beats FedAvg with stragglers" should say which of the two ideas did it. And
# with stragglers, **FedProx with $\mu = 0$ is not FedAvg**. Without them it is:

# %%
claims(lab, in_time, promised.NO_STRAGGLERS)

# %% [markdown]
# ### The second idea: the pull
#
# Party $k$ does not minimise its local loss $F_k(w)$ but
#
# $$F_k(w) + \frac{\mu}{2} \lVert w - w_t \rVert^2$$
#
# where $w_t$ is the shared model that the round began with. The second part is the **proximal term**: a rubber band to
# $w_t$. The gradient of $\frac{\mu}{2} \lVert w - w_t \rVert^2$ is $\mu\,(w - w_t)$, so each local step becomes
#
# $$w \leftarrow w - \eta\,\bigl(\nabla l(w; b) + \mu\,(w - w_t)\bigr)$$
#
# At $w = w_t$ there is no pull. The further a party walks, the harder it is pulled back.
#
# What is that good for? Remember **drift** (lesson 03): the mean of where the parties end after many local steps is not where
# as many averaged single steps lead, and this bias grows with the number of steps. The pull makes the way shorter, so
# there is less of it. It does not take the bias away: a party that may not walk far still walks in its own direction.
#
# ## The code behind it
#
# This is all of FedProx in the kit, read from the kit as you run this:

# %%
from fedlab.algorithms import FedProx

show_source(FedProx)

# %%
show_lines(
    {
        r"$\nabla l(w; b) + \mu\,(w - w_t)$": (FedProx.local_gradient, "return"),
        "partial work counts": (FedProx, "keeps_partial_work"),
    }
)

# %% [markdown]
# `gradient` is $\nabla l(w; b)$, `weights` is $w$ and `global_weights` is $w_t$.
#
# ## One seed is an anecdote
#
# Your lab ran one **seed**: one draw of data, of stragglers and of batches. With that seed, the pull lowered the loss a lot.
# Would you bet on it? Here are three seeds: nine runs, about 20 seconds.

# %%
from fedlab.lessons import size
from fedlab.lessons.race import panels, race

methods = {"FedAvg": fedavg, "FedProx, μ = 0": keeps, "FedProx, μ = 1": pulls}
methods = {name: experiment.with_(rounds=size(30, 11)) for name, experiment in methods.items()}
three = race(methods, seeds=range(3))
show(panels(three, "test_loss"), alt="Test loss in three panels, one a seed: FedAvg high and jumping, FedProx lower.")

# %% [markdown]
# Now compare two methods, $a$ and $b$. Two runs with the same seed have the same parties, the same first model, the same
# stragglers. What that seed made easy or hard, it made so for both. So take the **difference within each seed**, $d_s$, and
# only then look at all seeds. That is a **paired** comparison.
#
# The differences have a mean $\bar d$. From seed to seed they vary, by their standard deviation $s$. With $n$ seeds, an
# interval for the true mean is
#
# $$\bar d \;\pm\; t\,\frac{s}{\sqrt{n}}$$
#
# If you did all of this again and again with other seeds, 95 of 100 such intervals would hold the true mean difference. $t$ is
# about 2 with many seeds. With few you know $s$ badly, and pay for it: $t$ is 2.8 with five, **4.3 with three**, 12.7 with two.
# (Here $n$ counts seeds, not examples, and $t$ is not a round but the number that *Student* worked out, for barley and beer.)

# %%
from fedlab.lessons.race import difference, differences, in_words, late_loss

pairs = [("FedProx, μ = 0", "FedAvg"), ("FedProx, μ = 1", "FedProx, μ = 0")]  # keeping the work; the pull
found = [difference(three, a, b, late_loss) for a, b in pairs]
show(
    differences(found, "test loss, mean of the second half"),
    alt="Two rows of dots, one a seed, each with its mean and an interval, beside a line at zero.",
)
for one in found:
    print(in_words(one))

# %%
show_lines(
    {
        r"$d_s$": (difference, "values ="),
        r"$t\,s/\sqrt{n}$": (difference, "half = student"),
    }
)

# %% [markdown]
# Keeping the work: whatever the seeds' luck, it lowered the loss. The pull: the mean says *lower*, but zero lies inside. **That
# does not say that the pull does nothing.** It says that three seeds cannot tell.
#
# ### How many seeds are enough?
#
# The interval must reach less far than the difference $d$ that you want to see. With $t \approx 2$:
#
# $$2\,\frac{s}{\sqrt{n}} < d \qquad\text{so}\qquad n > \Bigl(\frac{2\,s}{d}\Bigr)^2$$
#
# Half the difference needs **four times** the seeds. With few seeds $t$ is above 2, so take a few more. And the formula is
# the least that can work: with so many you will succeed about every second time, because the mean that you get is as often
# below $d$ as above it. Twice as many succeed four times of five.

# %%
many = predict(
    "How many seeds will it take to see the pull? You have s and d in the picture.", unit="seeds", low=2, high=1000
)
many

# %%
import numpy as np

from fedlab.lessons.race import seeds_needed

pull = found[1]
spread = np.std(pull.values, ddof=1)
needed = seeds_needed(spread, pull.mean)
many.compare(needed)

# %% [markdown]
# Decide the number of seeds **before** you look at the result, and then keep to it. Whoever adds seeds until zero falls out of
# the interval gets there some day, by luck alone. We decide for ten: seven more, about 40 seconds.

# %%
more = race(methods, seeds=size(range(3, 10), range(3, 4)))
ten = {name: three[name] + more[name] for name in methods}
found = [difference(ten, a, b, late_loss) for a, b in pairs]
show(
    differences(found, "test loss, mean of the second half"),
    alt="The same two rows with ten seeds: the interval of the pull is a quarter as wide as with three.",
)
for one in found:
    print(in_words(one))
    print(f"    lower in {sum(value < 0 for value in one.values)} of {len(one.values)} seeds")

# %% [markdown]
# Ten seeds say two things that three could not. The pull lowers the loss, on average over seeds; by how much, the interval
# says. And "keeping the work lowered the loss with every seed" would have been true of the first three: there is a seed
# among the ten in which FedAvg had the lower loss. The interval of that row is no shorter than with three: the first three
# lay close together by luck. That is what it means to know $s$ badly.
#
# ## The same accuracy, another loss
#
# In the lab, the pull changed the loss and hardly the accuracy. And with the other seeds?

# %%
from fedlab.lessons.race import last_accuracy

print(in_words(difference(ten, "FedProx, μ = 1", "FedProx, μ = 0", last_accuracy), "points"))

# %% [markdown]
# Of the accuracy ten seeds cannot even tell whether the pull raises or lowers it. What does the loss see that the accuracy does
# not?
#
# - **Accuracy** asks only whether the answer is right: whether the right class got the largest probability.
# - **Loss** asks how much probability $p$ the right class got. It is the mean of $-\ln p$ over the test examples.

# %%
for p in (0.9, 0.5, 0.1, 0.01):
    print(f"the right class got {p:4.0%}: the loss of this example is {-np.log(p):.1f}")

# %% [markdown]
# So it is cheap to be wrong and unsure, and expensive to be **wrong and sure**.

# %%
doubt = predict(
    "Both models answer about the same number of test examples right. When the model of μ = 1 is wrong, how sure is it "
    "of its wrong answer, against that of μ = 0?",
    ["surer", "about as sure", "less sure"],
)
doubt

# %%
from fedlab.lessons.pictures_04 import certainty, probabilities

both = {name: three[name][0] for name in ("FedProx, μ = 0", "FedProx, μ = 1")}  # of seed 0, as in your lab
show(
    certainty(both),
    alt="How sure two models are of their answers: that of μ = 0 is often very sure, also when it is wrong.",
)

# %%
from fedlab.lessons import claim

sure_when_wrong = {}
for name, history in both.items():
    p, labels = probabilities(history)  # p: for each test example the probability of each class
    sure, right = p.max(axis=1), p.argmax(axis=1) == labels
    sure_when_wrong[name] = 100 * sure[~right].mean()
    claim("{name}: right answers", 100 * right.mean(), above=40, unit="%", name=name)
    claim("{name}: how sure it is, on average", 100 * sure.mean(), above=50, unit="%", name=name)
    claim("{name}: how sure when it is wrong", sure_when_wrong[name], above=35, unit="%", name=name)
    claim("{name}: length of its weights", np.linalg.norm(history.rounds[-1].state.weights), above=2, name=name)

without, with_pull = sure_when_wrong.values()
doubt.compare("less sure" if with_pull < without - 5 else "surer" if with_pull > without + 5 else "about as sure")

# %% [markdown]
# The two models are right about equally often. But without the pull the model is far surer than it is right. With the pull
# the two numbers are close: such a model is called **calibrated**. The reason is in the last line of each: parties on a
# rubber band do not walk far, so the weights stay short. Short weights give small logits, and the softmax of small logits is
# never very sure. (These are the two models of seed 0; the others are in `three`, if you want to look.)
#
# Which of the two is better? If only the answer counts, neither. If somebody acts on how sure the model is, as a doctor may,
# the difference is all that counts. So say which one you report, and why.
#
# ## In the long run
#
# The paper ran 200 rounds. The kit runs its experiment again by one command, `python -m benchmarks.published fedprox --full`,
# with three seeds. Here it is beside your ten seeds of 30 rounds. (*Loss* over 30 rounds is your test loss; over 200 it is
# the mean of the last 20 rounds, on all training examples.)

# %%
from fedlab.lessons.pictures_04 import ideas, published

yours = {name: [late_loss(run) for run in runs] for name, runs in ten.items()}
show(
    ideas({"30 rounds": yours, "200 rounds": published("synthetic(1,1)", "loss")}, "loss"),
    alt="Four rows: in the short run keeping the work lowers the loss most, in the long run the pull does.",
)

# %% [markdown]
# **The two ideas change places.** In the short run keeping the work did most, and the pull a little. In the long run the seeds
# do not agree about keeping the work: it lowered the loss with two of three. The pull lowered it with all three, and by more. But
# see how wide three seeds leave the interval: zero is inside. So all that one may say is *with each of three seeds*. And how
# unsteady is the end? Here is the standard deviation of the loss over the last 50 rounds:

# %%
show(
    ideas({"200 rounds": published("synthetic(1,1)", "spread")}, "the loss's spread over the last 50 rounds"),
    alt="Two rows of three dots each, all left of zero: both ideas made the end steadier.",
)

# %% [markdown]
# Both ideas made the end steadier, with each of the three seeds. A short run and a long run tell different stories. When you
# report one, say how long it was.
#
# ## Where it does not win
#
# First the same kind of data, but IID: one truth for all. The stragglers stay, so the algorithm with partial work has ten
# times the parties to average, and still:

# %%
show(
    ideas({"IID, 200 rounds": published("synthetic IID", "loss")}, "loss"),
    alt="Two rows: with one truth for all, keeping the work lowers the loss a little, and the pull raises it by far more.",
)

# %% [markdown]
# Keeping the work lowers the loss with every seed here too. The pull takes that back, and more: with $\mu = 1$ the loss is
# higher than FedAvg's, with every seed.
#
# Now to MNIST, without stragglers, so only $\mu$ is left. First the skew that most papers use: the digits of each class are
# dealt to 10 parties by a Dirichlet draw with $\alpha = 0.5$. Then IID, where no party needs to be held back. Four seeds each;
# the two races take about 15 and 20 seconds.

# %%
digits = Experiment(
    parties=10, examples=2_000, partition="label_dirichlet", alpha=0.5, local_epochs=5, rounds=size(8, 3)
)
verdict = predict(
    "MNIST with mild skew, 8 rounds, FedProx with μ = 1 against FedAvg. What will the four seeds say of the accuracy?",
    ["FedProx is ahead", "zero is inside the interval", "FedProx is behind"],
)
verdict

# %%
few = size(range(4), range(3))
skewed = race({"FedAvg": digits, "FedProx, μ = 1": digits.with_(algorithm="fedprox", mu=1.0)}, seeds=few)
show(panels(skewed), alt="Test accuracy in panels, one a seed: μ = 1 climbs more slowly than FedAvg.")

# %%
one = difference(skewed, "FedProx, μ = 1", "FedAvg", last_accuracy)
print(in_words(one, "points"))
answer = "FedProx is ahead" if one.low > 0 else "FedProx is behind" if one.high < 0 else "zero is inside the interval"
verdict.compare(answer)

# %%
methods = {
    "FedAvg": digits.with_(partition="iid"),
    "FedProx, μ = 0.1": digits.with_(partition="iid", algorithm="fedprox", mu=0.1),
    "FedProx, μ = 1": digits.with_(partition="iid", algorithm="fedprox", mu=1.0),
}
iid = race(methods, seeds=few)
show(
    panels(iid),
    alt="Test accuracy in panels, one a seed: FedAvg and μ = 0.1 nearly the same, μ = 1 climbs more slowly.",
)

# %% [markdown]
# Held back by $\mu = 1$, every party walks a shorter way in each round. Where the parties roughly agree, that way was a good
# one, and the rubber band only costs rounds. And the small $\mu$? The curves lie on each other. Look at the differences, in
# pairs, and once as if the runs had nothing to do with each other:

# %%
small = [
    difference(iid, "FedProx, μ = 0.1", "FedAvg", last_accuracy),
    difference(iid, "FedProx, μ = 0.1", "FedAvg", last_accuracy, paired=False),
]
show(
    differences(small, "test accuracy, points", ["μ = 0.1 minus FedAvg, in pairs", "the same, not paired"]),
    alt="The same dots twice: in pairs the interval is very short, unpaired it is many times as wide.",
)
for one in small:
    print(in_words(one, "points"))
paired, unpaired = (one.high - one.low for one in small)
claim("The interval without pairs is so many times as wide", unpaired / paired, above=2)

# %% [markdown]
# Each seed pushes both methods the same way, up or down, by more than $\mu$ does. In pairs, that drops out. So pair, whenever you
# can; it costs nothing. (It helps only as far as a seed does the same to both. Of the losses above, the ten seeds give
# an interval as wide in pairs as without.)
#
# And look at the size: $\mu = 0.1$ is behind by a fraction of a point. Small, and yet zero is outside. **An interval says whether
# there is a difference. Whether it matters, you must say.**
#
# Does FedProx win on MNIST in the long run? A public re-run of the benchmark NIID-Bench says no: after 50 rounds of 10 epochs
# at Dirichlet(0.5), three seeds each, FedAvg has 98.89 % and FedProx 99.02 %.
#
# | you have | expect of FedProx |
# | --- | --- |
# | parties that do not finish in time | steadier curves and, in a short run, a lower loss, from keeping their work, whatever $\mu$ |
# | parties that disagree, many local epochs | steadier curves; in a long run a lower loss, with a large $\mu$ |
# | a model whose probabilities count | with a large $\mu$ one that is less sure of itself |
# | mild skew, as on MNIST at $\alpha = 0.5$ | next to nothing with a small $\mu$; slower with a large one |
# | IID data | slower with a large $\mu$ |

# %% [markdown] tags=["exercise"]
# ## Exercises

# %% tags=["exercise"]
from fedlab.lessons import checks_04 as check
from fedlab.lessons.four_terms import term_a, term_b, term_c, term_d

# %% [markdown] tags=["exercise"]
# ### How sure are you?
#
# Write your code in place of `raise NotImplementedError()`, run the cell, then run the check below it.
#
# **1. An interval in pairs.** `ours` and `theirs` are arrays with a number for each seed, in the same order. `t` is Student's number. Return
# a pair: the lower and the upper end of the interval for the mean of *ours minus theirs*. `np.std(x, ddof=1)` is the standard
# deviation $s$ of a sample: it divides by $n - 1$.


# %% tags=["exercise"] nbgrader={"grade": false, "grade_id": "interval", "locked": false, "schema_version": 3, "solution": true, "task": false}
def interval(ours, theirs, t):
    ### BEGIN SOLUTION
    d = np.asarray(ours) - np.asarray(theirs)
    half = t * np.std(d, ddof=1) / np.sqrt(len(d))
    return d.mean() - half, d.mean() + half
    ### END SOLUTION


# %% tags=["exercise"] nbgrader={"grade": true, "grade_id": "interval-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check.check_interval(interval)

# %% [markdown] tags=["exercise"]
# ### Find the bug
#
# FedProx is one line, and still many public codes have it wrong. Here are four proximal terms, as people write them: numbers
# to add to the loss. **One of them is right.**

# %% tags=["exercise"]
show_source(term_a, term_b, term_c, term_d)

# %% [markdown] tags=["exercise"]
# All four are zero at $w_t$ and grow away from it. All four keep parties together. All four train, and no error appears. You
# could compare accuracies for days. A **test** is quicker: the slope of the right term in $w$ is $\mu\,(w - w_t)$. You can
# measure a slope without any formula: go a small step to either side and see how much the function has changed.
#
# **2. Measure a slope.** `f` takes an array of $P$ weights and returns a number. Return $P$ numbers, the slope of `f` at `w`
# along each weight, by **central differences**:
#
# $$\frac{\partial f}{\partial w_i} \approx \frac{f(w + h e_i) - f(w - h e_i)}{2 h}$$
#
# $e_i$ is 1 at weight $i$ and 0 elsewhere: row $i$ of `np.eye(P)`. A good $h$ is `1e-5`.


# %% tags=["exercise"] nbgrader={"grade": false, "grade_id": "slope", "locked": false, "schema_version": 3, "solution": true, "task": false}
def slope(f, w):
    ### BEGIN SOLUTION
    h = 1e-5
    return np.array([(f(w + h * e) - f(w - h * e)) / (2 * h) for e in np.eye(len(w))])
    ### END SOLUTION


# %% tags=["exercise"] nbgrader={"grade": true, "grade_id": "slope-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check.check_slope(slope)

# %% [markdown] tags=["exercise"]
# **3. Write the test.** `term(w, w_t, mu, batch_size)` returns a number. Return `True` if its slope in `w` is
# $\mu\,(w - w_t)$, else `False`. Choose the `w`, `w_t`, `mu` and `batch_size` to try yourself, and choose them well: with
# $w = w_t$, with $\mu = 1$ or with a batch of 1, some wrong terms look right. `np.allclose` compares arrays up to rounding.


# %% tags=["exercise"] nbgrader={"grade": false, "grade_id": "is-proximal", "locked": false, "schema_version": 3, "solution": true, "task": false}
def is_proximal(term):
    ### BEGIN SOLUTION
    w, w_t, mu, batch_size = np.array([1.0, 2.0, -3.0]), np.array([0.5, -1.0, 4.0]), 0.3, 20
    return np.allclose(slope(lambda v: term(v, w_t, mu, batch_size), w), mu * (w - w_t), atol=1e-4)
    ### END SOLUTION


# %% tags=["exercise"] nbgrader={"grade": true, "grade_id": "is-proximal-check", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check.check_test(is_proximal)

# %% [markdown] tags=["exercise"]
# **4. Find it.** Try your test on the four terms. Then return the value of the right one.


# %% tags=["exercise"] nbgrader={"grade": false, "grade_id": "right-term", "locked": false, "schema_version": 3, "solution": true, "task": false}
def right_term(w, w_t, mu, batch_size):
    ### BEGIN SOLUTION
    return term_c(w, w_t, mu, batch_size)
    ### END SOLUTION


# %% tags=["exercise"] nbgrader={"grade": true, "grade_id": "right-term-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check.check_term(right_term)

# %% [markdown] tags=["exercise"]
# **5. Put it in its place.** A right term can still be used in a wrong way: measured from the wrong model. Write a party's
# local training with FedProx. `gradient(w)` returns the gradient of its loss at `w`. Start from `w_t`, take `steps` steps of
# size `rate`, and return where you end. What is the pull in the very first step?


# %% tags=["exercise"] nbgrader={"grade": false, "grade_id": "local-training", "locked": false, "schema_version": 3, "solution": true, "task": false}
def local_training(gradient, w_t, mu, rate, steps):
    ### BEGIN SOLUTION
    w = w_t
    for _ in range(steps):
        w = w - rate * (gradient(w) + mu * (w - w_t))
    return w
    ### END SOLUTION


# %% tags=["exercise"] nbgrader={"grade": true, "grade_id": "local-training-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check.check_local(local_training)

# %% [markdown]
# ## What this does not show
#
# - **The best $\mu$.** It depends on data and on how long parties train; people tune it. Click *sweep* beside *μ* in the lab
#   to run several values. A fair comparison tunes FedAvg's learning rate as well: a smaller $\eta$ also keeps parties near.
# - **That stragglers are like this.** Here a new nine of ten are slow in each round, by chance. Real slow phones are slow every
#   round, and often hold other data than fast ones: then dropping them is unfair, not only wasteful.
# - **Other settings.** An interval over seeds speaks of this setting: these data, this model, this many parties and rounds.
# - **Many comparisons.** Of twenty intervals that should hold zero, one leaves it out by chance. Say how many you looked at.
#
# ## Words
#
# - **Straggler**: a party that has not finished its local epochs when the server stops waiting.
# - **Partial work**: what a straggler has done by then.
# - **Proximal term** $\frac{\mu}{2} \lVert w - w_t \rVert^2$: a cost for walking away from the shared model.
# - **Drift**: the mean of where the parties end after many local steps is not where as many averaged single steps lead.
# - **Seed**: the number that all random draws of a run are made from. Another seed is another draw.
# - **Paired difference**: one method minus the other with the same seed. **95 % interval**: where the mean of the differences
#   would lie over all seeds; 95 of 100 such intervals hold it.
# - **Calibrated**: as sure as it is right.
# - **Finite differences**: measuring a slope by evaluating the function at two near points.
#
# ## Where next
#
# - [05 Algorithms](05_algorithms.ipynb): others that answer drift, and how to write your own.
# - The source: T. Li, A. K. Sahu, M. Zaheer, M. Sanjabi, A. Talwalkar and V. Smith, *Federated Optimization in Heterogeneous
#   Networks*, 2020, [arXiv 1812.06127](https://arxiv.org/abs/1812.06127). Algorithm 2 is FedProx.
# - Many methods on many kinds of skew: Q. Li, Y. Diao, Q. Chen and B. He, *Federated Learning on Non-IID Data Silos: An
#   Experimental Study* (NIID-Bench), 2022, [arXiv 2102.02079](https://arxiv.org/abs/2102.02079).
