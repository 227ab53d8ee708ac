# %% [markdown]
# # 04 FedProx
#
# Parties differ: in their data, and in how much work they manage. FedProx is FedAvg with two small changes for that. This
# lesson takes them apart, shows where they help and where they cost, and ends with a bug hunt. About 35 minutes.
#
# After this lesson you will be able to
#
# 1. say what $\mu$ does to a local step, and what happens to the work of a slow party,
# 2. tell from a few seeds where FedProx helps, where it makes no difference and where it is slower,
# 3. test a proximal term by finite differences, and find the one right term among four from real code.
#
# Run the grey boxes from the top, with Shift+Enter or *Run > Run All Cells*. The questions wait for your answer.

# %%
import numpy as np

from fedlab import Experiment
from fedlab.algorithms import FedProx
from fedlab.lessons import checks_04 as check
from fedlab.lessons import claim, size
from fedlab.lessons import claims_04 as promised
from fedlab.lessons.four_terms import term_a, term_b, term_c, term_d
from fedlab.lessons.published import quote
from fedlab.lessons.race import ahead, lower, panels, race
from fedlab.systems import reporting
from fedlab_widgets import Lab, predict, show, show_lines, show_source

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

guess = predict("Which of FedProx's two ideas lowers the loss more here?", promised.IDEAS, truth=promised.which_idea)
guess

# %% [markdown]
# ## The lab
#
# 1. Press **Run**: FedAvg.
# 2. Set *algorithm* to **FedProx** and *μ* to **0**, and press **Run**: only the first idea.
# 3. Set *μ* to **1** and press **Run**: both ideas.
#
# Look at both plots, the accuracy and below it the loss. The heat map shows what was made for whom: a few parties have much,
# many have little, and their mixes of classes differ.

# %%
lab = Lab(fedavg, controls=["algorithm", "mu", "stragglers"], prediction=guess)
lab

# %% [markdown]
# ## What happened, and why
#
# Run this cell when all three runs are done. It holds what we claim against what your runs did.


# %%
promised.three_runs(lab, fedavg, keeps, pulls)

# %% [markdown]
# ### The first idea: partial work counts
#
# FedAvg in this setting averages *one* party. So the shared model jumps from one party's truth to the next one's. FedProx
# averages ten: those that did 3 epochs and those that did 20. It is one word in an algorithm's class, `keeps_partial_work`,
# and this function obeys it:

# %%
show_source(reporting)

# %% [markdown]
# Here $\mu$ plays no part. Whoever says "FedProx beats FedAvg with stragglers" should say which of the two ideas did it.
#
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
# At $w = w_t$ there is no pull. The further a party walks, the harder it is pulled back. With $\mu = 0$ and no stragglers,
# FedProx is FedAvg, but for rounding.
#
# ## The code behind it
#
# This is all of FedProx in the kit, read from the kit as you run this:

# %%
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
# Your lab ran one seed: one draw of parties, stragglers and batches. With that seed, $\mu = 1$ lowered the loss a lot. Would
# you bet on it? Here are three seeds. This cell trains nine times and takes a while.

# %%
methods = {"FedAvg": fedavg, "FedProx, μ = 0": keeps, "FedProx, μ = 1": pulls}
runs = race({name: experiment.with_(rounds=size(30, 20)) for name, experiment in methods.items()})
show(panels(runs, "test_loss"), alt="Test loss in three panels, one a seed: FedAvg high and jumping, FedProx lower.")

# %%
print("The loss in the second half is lower by more than a fifth, in how many of 3 seeds?")
print("  μ = 0 (keeps the work) against FedAvg:", lower(runs, "FedProx, μ = 0", "FedAvg", 0.8))
print("  μ = 1 (pulls too) against μ = 0:      ", lower(runs, "FedProx, μ = 1", "FedProx, μ = 0", 0.8))
print("  μ = 0 against μ = 1:                  ", lower(runs, "FedProx, μ = 0", "FedProx, μ = 1", 0.8))

# %% [markdown]
# So in this short run of 30 rounds, partial work helped with every seed. The pull made a clear difference with one of three,
# and did no harm with the others. That is what three seeds can tell you, and one could not.
#
# The paper ran 200 rounds. The kit runs its experiment again by one command and keeps what came out in a file. *Loss* is the
# mean over the last 20 rounds, measured on all training examples; *spread* is the standard deviation over the last 50 rounds:
# how unsteady the end is.

# %%
quote("fedprox", "synthetic(1,1), 90%")

# %% [markdown]
# In the long run the two ideas change places. Partial work alone ($\mu = 0$) is steadier with every seed, and lower with two
# of three. The pull is what makes the end low and steady, with every seed. So a short run and a long run tell different
# stories. When you report one, say how long it was.
#
# ## Where it does not win
#
# First the same kind of data, but IID: one truth for all. The stragglers stay, so the algorithm with partial work has ten
# times the parties to average, and still:

# %%
quote("fedprox", "synthetic IID, 90%")

# %% [markdown]
# Partial work lowers the loss with every seed here too. The pull takes that back, and more: with $\mu = 1$ the loss is higher
# than FedAvg's, with every seed.
#
# Now to MNIST, without stragglers, so only $\mu$ is left. First the skew that most papers use: the digits of each class are
# dealt to 10 parties by a Dirichlet draw with $\alpha = 0.5$. Then IID, where no party needs to be held back.

# %%
digits = Experiment(
    parties=10, examples=2_000, partition="label_dirichlet", alpha=0.5, local_epochs=5, rounds=size(8, 4)
)
methods = {
    "FedAvg": digits,
    "FedProx, μ = 0.1": digits.with_(algorithm="fedprox", mu=0.1),
    "FedProx, μ = 1": digits.with_(algorithm="fedprox", mu=1.0),
}
runs = race(methods)
show(panels(runs), alt="Test accuracy in three panels, one a seed: FedAvg and μ = 0.1 nearly the same, μ = 1 below.")

# %%
print("MNIST, Dirichlet(0.5): ahead by more than 1 point, in how many of 3 seeds?")
print("  FedAvg against μ = 1:  ", ahead(runs, "FedAvg", "FedProx, μ = 1", 1))
print("  μ = 1 against FedAvg:  ", ahead(runs, "FedProx, μ = 1", "FedAvg", 1))
print("  μ = 0.1 against FedAvg:", ahead(runs, "FedProx, μ = 0.1", "FedAvg", 1))
apart = ahead(runs, "FedAvg", "FedProx, μ = 0.1", 4) + ahead(runs, "FedProx, μ = 0.1", "FedAvg", 4)
claim("μ = 0.1 and FedAvg end within 4 points of each other with every seed", apart == 0)

# %%
runs = race({name: methods[name].with_(partition="iid") for name in ("FedAvg", "FedProx, μ = 1")})
print("MNIST, IID: ahead by more than 1 point, in how many of 3 seeds?")
print("  FedAvg against μ = 1:", ahead(runs, "FedAvg", "FedProx, μ = 1", 1))
print("  μ = 1 against FedAvg:", ahead(runs, "FedProx, μ = 1", "FedAvg", 1))

# %% [markdown]
# Held back by $\mu = 1$, every party walks a shorter way in each round. Where the parties roughly agree, that way was a good
# one, and the rubber band only costs rounds. A small $\mu$ does next to nothing here, neither good nor bad.
#
# Does FedProx win on MNIST in the long run? A public re-run of the benchmark NIID-Bench says no: after 50 rounds of 10 epochs
# at Dirichlet(0.5), three seeds each, FedAvg has 98.89 % and FedProx 99.02 %. Two tenths of a point is what another seed does.
#
# | you have | expect of FedProx |
# | --- | --- |
# | parties that do not finish in time | steadier curves, from keeping their work, whatever $\mu$ |
# | parties that disagree, many local epochs | steadier curves; in a long run a lower loss, with a large $\mu$ |
# | mild skew, as on MNIST at $\alpha = 0.5$ | nothing with a small $\mu$; slower with a large one |
# | IID data | slower with a large $\mu$ |
#
# ## Exercises: find the bug
#
# FedProx is one line, and still many public codes have it wrong. Here are four proximal terms, as people write them: numbers
# to add to the loss. **One of them is right.**

# %%
show_source(term_a, term_b, term_c, term_d)

# %% [markdown]
# All four are zero at $w_t$ and grow away from it. All four keep parties together. All four train, and no error appears. You
# could compare accuracies for days. A **test** is quicker: the slope of the right term in $w$ is $\mu\,(w - w_t)$. You can
# measure a slope without any formula: go a small step to either side and see how much the function has changed.
#
# Write your code in place of `raise NotImplementedError()`, run the cell, then run the check below it.
#
# **1. Measure a slope.** `f` takes an array of $P$ weights and returns a number. Return $P$ numbers, the slope of `f` at `w`
# along each weight, by **central differences**:
#
# $$\frac{\partial f}{\partial w_i} \approx \frac{f(w + h e_i) - f(w - h e_i)}{2 h}$$
#
# $e_i$ is 1 at weight $i$ and 0 elsewhere: row $i$ of `np.eye(P)`. A good $h$ is `1e-5`.


# %% nbgrader={"grade": false, "grade_id": "slope", "locked": false, "schema_version": 3, "solution": true, "task": false}
def slope(f, w):
    ### BEGIN SOLUTION
    h = 1e-5
    return np.array([(f(w + h * e) - f(w - h * e)) / (2 * h) for e in np.eye(len(w))])
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "slope-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check.check_slope(slope)

# %% [markdown]
# **2. Write the test.** `term(w, w_t, mu, batch_size)` returns a number. Return `True` if its slope in `w` is
# $\mu\,(w - w_t)$, else `False`. Choose the `w`, `w_t`, `mu` and `batch_size` to try yourself, and choose them well: with
# $w = w_t$, with $\mu = 1$ or with a batch of 1, some wrong terms look right. `np.allclose` compares arrays up to rounding.


# %% nbgrader={"grade": false, "grade_id": "is-proximal", "locked": false, "schema_version": 3, "solution": true, "task": false}
def is_proximal(term):
    ### BEGIN SOLUTION
    w, w_t, mu, batch_size = np.array([1.0, 2.0, -3.0]), np.array([0.5, -1.0, 4.0]), 0.3, 20
    return np.allclose(slope(lambda v: term(v, w_t, mu, batch_size), w), mu * (w - w_t), atol=1e-4)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "is-proximal-check", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check.check_test(is_proximal)

# %% [markdown]
# **3. Find it.** Try your test on the four terms. Then return the value of the right one.


# %% nbgrader={"grade": false, "grade_id": "right-term", "locked": false, "schema_version": 3, "solution": true, "task": false}
def right_term(w, w_t, mu, batch_size):
    ### BEGIN SOLUTION
    return term_c(w, w_t, mu, batch_size)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "right-term-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check.check_term(right_term)

# %% [markdown]
# **4. Put it in its place.** A right term can still be used in a wrong way: measured from the wrong model. Write a party's
# local training with FedProx. `gradient(w)` returns the gradient of its loss at `w`. Start from `w_t`, take `steps` steps of
# size `rate`, and return where you end. What is the pull in the very first step?


# %% nbgrader={"grade": false, "grade_id": "local-training", "locked": false, "schema_version": 3, "solution": true, "task": false}
def local_training(gradient, w_t, mu, rate, steps):
    ### BEGIN SOLUTION
    w = w_t
    for _ in range(steps):
        w = w - rate * (gradient(w) + mu * (w - w_t))
    return w
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "local-training-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check.check_local(local_training)

# %% [markdown]
# ## What this does not show
#
# - **The best $\mu$.** It depends on data and on how long parties train; people tune it. Click *sweep* beside *μ* in the lab
#   to run several values. A fair comparison tunes FedAvg's learning rate as well: a smaller $\eta$ also keeps parties near.
# - **That stragglers are like this.** Here a new nine of ten are slow in each round, by chance. Real slow phones are slow every
#   round, and often hold other data than fast ones: then dropping them is unfair, not only wasteful.
# - **Long runs.** 30 rounds and 8 rounds show who is quicker, not who is better in the end. The result file has 200 rounds.
# - **Significance.** Three seeds show that one seed can mislead. They are too few for a statistical test.
#
# ## Words
#
# - **Straggler**: a party that has not finished its local epochs when the server stops waiting.
# - **Partial work**: what a straggler has done by then.
# - **Proximal term** $\frac{\mu}{2} \lVert w - w_t \rVert^2$: a cost for walking away from the shared model.
# - **Drift**: parties walk towards their own minima, away from each other.
# - **Seed**: the number that all random draws of a run are made from. Another seed is another draw.
# - **Finite differences**: measuring a slope by evaluating the function at two near points.
#
# ## Where next
#
# - [05 Algorithms](05_algorithms.ipynb): others that answer drift, and how to write your own.
# - The source: T. Li, A. K. Sahu, M. Zaheer, M. Sanjabi, A. Talwalkar and V. Smith, *Federated Optimization in Heterogeneous
#   Networks*, 2020, [arXiv 1812.06127](https://arxiv.org/abs/1812.06127). Algorithm 2 is FedProx.
# - Many methods on many kinds of skew: Q. Li, Y. Diao, Q. Chen and B. He, *Federated Learning on Non-IID Data Silos: An
#   Experimental Study* (NIID-Bench), 2022, [arXiv 2102.02079](https://arxiv.org/abs/2102.02079).
