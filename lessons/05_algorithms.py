# %% [markdown]
# # 05 Algorithms
#
# FedAvg has many children. Each mends one thing that goes wrong, and each is a few lines. This lesson shows three kinds of
# them in a plane where you can see every step, and then you write your own. About 40 minutes.
#
# After this lesson you will be able to
#
# 1. show why FedAvg with several local steps settles in the wrong place, and how SCAFFOLD gets out of it,
# 2. name the cause that an algorithm answers: different data, different numbers of steps, slow progress at the server,
# 3. write an algorithm of your own in 10 to 20 lines, put it in the lab, and race it fairly.
#
# Run the grey boxes from the top, with Shift+Enter or *Run > Run All Cells*. The questions wait for your answer.

# %%
import matplotlib.pyplot as plt
import numpy as np

from fedlab import Experiment
from fedlab.algorithms import ALGORITHMS, FedAvg
from fedlab.lessons import checks_05 as check
from fedlab.lessons import claim, plane, size
from fedlab.lessons import claims_05 as promised
from fedlab.lessons.race import ahead, panels, race
from fedlab.settings import setting
from fedlab_widgets import Lab, predict, show, show_lines, show_source

# %% [markdown]
# ## Before you start
#
# Ten parties, 200 images each, and most of a party's images show only one or two digits. They train for 5 local epochs a
# round. **SCAFFOLD** is FedAvg with a correction in each local step. For that it sends twice as many bytes.

# %%
fedavg = Experiment(
    parties=10, examples=2_000, partition="dirichlet", alpha=0.1, local_epochs=5, learning_rate=0.05, rounds=15
)
scaffold = fedavg.with_(algorithm="scaffold")
momentum = fedavg.with_(algorithm="fedavgm")

guess = predict("After 15 rounds, who is ahead in test accuracy?", promised.ANSWERS, truth=promised.who_leads)
guess

# %% [markdown]
# ## The lab
#
# 1. Press **Run**: FedAvg.
# 2. Set *algorithm* to **SCAFFOLD** and press **Run**.
# 3. Set it to **FedAvgM** and press **Run**. Its server has momentum: it rolls on in the direction of earlier rounds.
#
# Then switch the plot from *round* to *megabytes sent, both ways*. Is SCAFFOLD still ahead?

# %%
lab = Lab(fedavg, controls=["algorithm", "alpha", "local_epochs"], prediction=guess)
lab

# %% [markdown]
# Run this cell when all three runs are done. It holds what we claim against what your runs did.

# %%
promised.three_runs(lab, fedavg, scaffold, momentum)

# %% [markdown]
# Both are ahead, for different reasons. On a model of 199,210 weights you cannot see which. So let us go where you can.
#
# ## What happened, and why: two valleys
#
# Take a model with only two weights, $a$ and $b$, and two parties. Each party's loss is a valley:
#
# $$f_1 = \tfrac12 (a - 15)^2 + b^2 \qquad f_2 = 2\,(a + 12)^2 + 0.7\,(b + 15)^2$$
#
# The shared model should go to the minimum of their mean. There the slopes cancel: $(a - 15) + 4\,(a + 12) = 0$ and
# $2b + 1.4\,(b + 15) = 0$, so $a = -6.6$ and $b \approx -6.18$.
#
# Each round, both parties walk 10 steps downhill from the shared point, each in its own valley. Then the server takes the
# mean of where they are. The algorithms are the kit's own: the same classes that the lab runs on images.

# %%
drift = predict(
    "Where does FedAvg settle, after many rounds?",
    ["at the minimum of the mean", "somewhere else", "it never settles"],
)
drift

# %%
walks = {name: plane.walk(ALGORITHMS[name](), rounds=30, steps=(10, 10)) for name in ("fedavg", "scaffold")}

figure, axes = plt.subplots(1, 2, figsize=(9, 4.6), sharey=True, layout="constrained")
for ax, (name, one) in zip(axes, walks.items(), strict=True):
    plane.draw(ax, one, ALGORITHMS[name].title, rounds_with_steps=(0, 29))
    ax.label_outer()
figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize="small")
plt.close(figure)
show(
    figure,
    alt="Two maps of a valley: FedAvg stops right of the star that marks the minimum, SCAFFOLD ends on the star.",
)

# %%
moved = np.linalg.norm(walks["fedavg"].shared[-1] - walks["fedavg"].shared[-2])
far = plane.distance(walks["fedavg"]) > 1
drift.compare("it never settles" if moved > 0.01 else "somewhere else" if far else "at the minimum of the mean")
for name, one in walks.items():
    a, b = one.shared[-1]
    print(f"{ALGORITHMS[name].title} is at ({a:.1f}, {b:.1f}), {plane.distance(one):.1f} from the minimum of the mean.")

# %% [markdown]
# Look at the thin lines in the left picture: the parties' steps in the first round and in the last. Along $a$, party 1's valley
# is steep, so in 10 steps it gets all the way. Party 0's is flat, so it is still going. The server takes the mean of two
# **places**. But how far a party came depends on how steep its valley is, not only on where it wants to go. So the walk ends
# where the two ways cancel, and that is not where the slopes cancel. This is **client drift**, and more rounds do not help. One
# local step a round would: then the mean of places is a step down the mean of slopes.
#
# **SCAFFOLD** gives each party $k$ a memory $c_k$: the slope that it had on its way through the last round. The mean of all is
# $c$. Each local step becomes
#
# $$w \leftarrow w - \eta\,\bigl(\nabla l(w; b) - c_k + c\bigr)$$
#
# In words: leave out what only you want, put in what all want. Near the minimum each party's own slope is $c_k$ and $c$ is zero,
# so nobody walks away any more. In the right picture, the thin lines of the last round have vanished.

# %% [markdown]
# ## The code behind it
#
# The walk is this short. It calls the two halves of an algorithm, which are what an algorithm may change:
#
# - **at the party**: `start` and `correction`, which get what the server has sent down and what the party remembers;
#   `local_gradient`, the direction of each local step; `report`, what the party sends up and what it remembers;
# - **at the server**: `send`, what goes down; `step`, which makes the new model from the mean of what came up.
#
# Between the halves there is nothing but that mean. Elsewhere it counts parties by their examples; here both count the same.

# %%
show_source(plane.walk, ALGORITHMS["scaffold"])

# %%
show_lines(
    {
        r"down: $w_t$ and $c$": (ALGORITHMS["scaffold"].send, "return"),
        r"$c - c_k$": (ALGORITHMS["scaffold"].correction, "return"),
        r"$\nabla l(w; b) - c_k + c$": (ALGORITHMS["scaffold"].local_gradient, "return"),
        r"$c_k^+ - c_k = -c + (w_t - w_k) / (\tau_k\,\eta)$": (ALGORITHMS["scaffold"].report, "change ="),
        r"up: $w_k - w_t$ and $c_k^+ - c_k$": (ALGORITHMS["scaffold"].report, "return"),
        r"$w_{t+1} = w_t + \eta_s \sum_k \frac{n_k}{n} (w_k - w_t)$": (ALGORITHMS["scaffold"].step, "return"),
    }
)

# %% [markdown]
# `update` is $w_k - w_t$, at the server its mean; $\eta_s$, the server's own step, is 1. $c_k^+$ is what the party remembers from
# now on. $\tau_k$ is the number of local steps (`effective_steps`, as long as they have no momentum):
# $(w_t - w_k) / (\tau_k\,\eta)$ is the mean slope on party $k$'s way.
#
# ## Who steps more often: FedNova
#
# In the plane both parties took 10 steps. Real parties do not: with 5 epochs, who holds ten times the images takes ten times
# the steps, and a slow phone takes fewer. Then FedAvg leans towards who steps most. **FedNova** divides what each party has
# walked by its number of steps $\tau_k$ before it takes the mean, and then goes as far as the parties did on average:
#
# $$w_{t+1} = w_t - \Bigl(\sum_k \frac{n_k}{n} \tau_k\Bigr) \sum_k \frac{n_k}{n} \frac{w_t - w_k}{\tau_k}$$
#
# Party 0 takes 1 step a round and party 1 takes 4. Once with tiny steps, once with the step size from above.


# %%
def compare(steps, rate, *names):
    """Print how far from the minimum of the mean these algorithms settle."""
    lines = [f"{steps[0]} and {steps[1]} steps of size {rate:g}:"]
    for name in names:
        away = plane.distance(plane.walk(ALGORITHMS[name](), rounds=int(20 / rate), steps=steps, rate=rate))
        lines.append(f"    {ALGORITHMS[name].title} settles {away:.1f} from the minimum of the mean")
    print("\n".join(lines))


compare((1, 4), 0.005, "fedavg", "fednova", "scaffold")
compare((1, 4), 0.1, "fedavg", "fednova", "scaffold")
compare((10, 10), 0.1, "fedavg", "fednova", "scaffold")

# %% [markdown]
# With tiny steps FedNova mends almost all of it. With larger steps it does not, because a party's slope changes on its way; and
# with equal steps FedNova *is* FedAvg. FedNova answers different numbers of steps. SCAFFOLD answers different data, and
# answers both here. An algorithm helps against its own cause, and not against another.
#
# ## A better step at the server
#
# The server sees one mean update each round, $\Delta_t = \sum_k \frac{n_k}{n} w_k - w_t$. FedAvg adds it. It could also treat it
# as a slope and use any optimiser: momentum gives **FedAvgM**, Adam gives **FedAdam**, and so on. Their state stays at the
# server; nothing more is sent.

# %%
show_source(ALGORITHMS["fedavgm"].step)
ends = [plane.walk(ALGORITHMS[name](), rounds=300).shared[-1] for name in ("fedavg", "fedavgm")]
claim("FedAvg and FedAvgM settle in the same place", np.linalg.norm(ends[0] - ends[1]) < 0.01)

# %% [markdown]
# Of course: where $\Delta_t$ is zero, momentum has nothing to roll on. **A server optimiser changes how
# fast you get there, not where "there" is.** SCAFFOLD changes where.
#
# And in your lab FedAvgM was as far ahead of FedAvg as SCAFFOLD? After 15 rounds FedAvg is still far from where it would
# settle, so being fast is worth more than going to the right place. A good result does not show that the story told about it
# is right.
#
# ## Write your own
#
# An algorithm is a class made from `FedAvg`. It changes what it wants to change, and leaves the rest. A `setting` becomes a
# slider in the lab. Here is one in ten lines: a **cautious** server that goes only a part of the way to the mean. `mean[0]`
# is the mean of the parties' updates, and `server` what the server remembers: here nothing.


# %%
class Cautious(FedAvg):
    """w <- w + trust · (the parties' mean update): with trust = 1 it is FedAvg."""

    lesson = "The server goes only a part of the way to the mean."

    trust: float = setting(0.5, "How much of the way to the mean the server goes; 1 is FedAvg.", low=0.1, high=2.0)

    def step(self, w, mean, share, server):
        return w + self.trust * mean[0], server


own_lab = Lab(fedavg.with_(algorithm=Cautious(), rounds=8), controls=["algorithm", "trust"], algorithms=[Cautious])
own_lab

# %% [markdown]
# Press **Run**, then move *trust* to 1.5 and run again. It is on the fast path: the same engine, the same pictures, the same
# *Step* and *Pause* as any other algorithm. If a class returns the wrong shape or NaN, the lab says so in one sentence.
#
# ## Race it
#
# A race is fair if all have the same parties, the same first model and the same number of rounds, and if it is run with
# several seeds. Count how often one is ahead, and by how much.

# %%
short = fedavg.with_(rounds=size(10, 5))
methods = {
    "FedAvg": short,
    "SCAFFOLD": short.with_(algorithm="scaffold"),
    "Cautious": short.with_(algorithm=Cautious(trust=0.5)),
}
runs = race(methods)
show(panels(runs), alt="Test accuracy in three panels, one a seed: SCAFFOLD ahead of FedAvg, Cautious last.")

# %%
for a, b in (("SCAFFOLD", "FedAvg"), ("FedAvg", "Cautious"), ("Cautious", "FedAvg")):
    print(f"{a} ahead of {b} by more than 2 points: in {ahead(runs, a, b, 2)} of 3 seeds")

# %% [markdown]
# Caution does not pay here. You may find a place where it does: few parties a round, a large learning rate. Say then which
# place it was, and how many you tried before you found it.
#
# ## Exercises
#
# Write your code in place of `raise NotImplementedError()`, run the cell, then run the check below it. A check tells you
# what is wrong; it does not know the answer, only what must be true of it.
#
# **1. Where FedAvg settles.** One weight, several parties. Party $k$'s loss is a valley with its minimum at `centres[k]` and
# second derivative `curves[k]`, so its slope at $w$ is `curves[k] * (w - centres[k])`. All count the same. Return the point
# that a round of FedAvg with `steps` local steps of size `rate` leaves where it is. Two ways lead there: simulate until it
# settles, or work it out. One step takes $w - c_k$ to $(1 - \eta \lambda_k)(w - c_k)$.


# %% nbgrader={"grade": false, "grade_id": "settles", "locked": false, "schema_version": 3, "solution": true, "task": false}
def settles_at(curves, centres, rate, steps):
    ### BEGIN SOLUTION
    walked = 1 - (1 - rate * curves) ** steps  # the share of the way to its centre that each party walks
    return np.sum(walked * centres) / np.sum(walked)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "settles-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check.check_settles(settles_at)

# %% [markdown]
# **2. FedNova.** `shared` holds $w_t$, shape $(P,)$; `weights` the parties' $w_k$, shape $(K, P)$; `sizes` their $n_k$ and
# `steps` their $\tau_k$, shape $(K,)$ each. Return $w_{t+1}$ by the formula above.


# %% nbgrader={"grade": false, "grade_id": "nova", "locked": false, "schema_version": 3, "solution": true, "task": false}
def nova(shared, weights, sizes, steps):
    ### BEGIN SOLUTION
    p = sizes / np.sum(sizes)
    directions = (shared - weights) / steps[:, None]
    return shared - (p @ steps) * (p @ directions)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "nova-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check.check_nova(nova)

# %% [markdown]
# **3. Your own algorithm: clipping.** One party can move the mean as far as it likes. Write a FedAvg that limits that. A
# party whose update $w_k - w_t$ is longer than `reach` shortens it to the length `reach`, in the same direction; a shorter one
# stays. It does so itself, before it sends anything: the server only ever sees the mean. `down[0]` is $w_t$, which the server
# has sent; `trained.weights` is $w_k$; both are arrays of $P$ numbers. Return a pair: the message, `(update,)`, and `own`,
# what the party remembers, as it is. The mean by examples and the server's step stay those of FedAvg.


# %% nbgrader={"grade": false, "grade_id": "clipped", "locked": false, "schema_version": 3, "solution": true, "task": false}
class Clipped(FedAvg):
    """FedAvg in which no party sends an update that is longer than `reach`."""

    reach: float = setting(1.0, "How long a party's update may be; a large reach is FedAvg.", low=0.1, high=10.0)

    def report(self, down, own, trained):
        ### BEGIN SOLUTION
        update = trained.weights - down[0]
        update = update * min(1.0, self.reach / max(np.linalg.norm(update), 1e-12))
        return (update,), own
        ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "clipped-check", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check.check_clipped(Clipped)

# %% [markdown]
# **4. Race it.** When the check is content, press **B** for a new cell below and race it:
#
# ```python
# runs = race({"FedAvg": short, "Clipped": short.with_(algorithm=Clipped(reach=0.5))})
# print(ahead(runs, "Clipped", "FedAvg", 2), "of 3 seeds")
# ```
#
# `Lab(fedavg, algorithms=[Cautious, Clipped])` puts it into a lab, with its slider. Then change one line into an idea of your
# own, race again, and write down how many ideas you tried.
#
# ## What this does not show
#
# - **Few parties a round.** In the lab all ten took part each time. SCAFFOLD's memory of a party that was last asked long ago is
#   out of date, and server momentum rolls on in the direction of whoever came last. Open *parties and devices*, set
#   *participation* to 0.3 and see what becomes of the ranking.
# - **Tuning.** All ran with one learning rate. A fair comparison in a paper tunes each algorithm by itself, on other seeds than
#   those it reports.
# - **Memory at the parties.** SCAFFOLD needs parties that come back with their $c_k$. A phone that takes part once has none.
# - **Valleys are not networks.** In the plane each algorithm settles. A neural network has many valleys, and 15 rounds do not
#   reach the floor of any.
#
# ## Words
#
# - **Client drift**: in many local steps parties walk towards their own minima, and the mean of where they end is biased.
# - **Control variate** $c_k$: what a party's slope usually is; subtracting it leaves out what only that party wants.
# - **Settle**, fixed point: a model that a whole round leaves where it is.
# - **Server optimiser**: the server treats the mean update as a slope, and takes its own kind of step.
# - **Clipping**: shortening what is too long. It bounds what one party can do, and differential privacy is built on it.
#
# ## Where next
#
# - Back to [04 FedProx](04_fedprox.ipynb), or read an algorithm a file: the folder `fedlab/algorithms`.
# - SCAFFOLD: S. P. Karimireddy, S. Kale, M. Mohri, S. J. Reddi, S. U. Stich and A. T. Suresh, *SCAFFOLD: Stochastic Controlled
#   Averaging for Federated Learning*, 2020, [arXiv 1910.06378](https://arxiv.org/abs/1910.06378).
# - FedNova: J. Wang, Q. Liu, H. Liang, G. Joshi and H. V. Poor, *Tackling the Objective Inconsistency Problem in Heterogeneous
#   Federated Optimization*, 2020, [arXiv 2007.07481](https://arxiv.org/abs/2007.07481).
# - Server optimisers: S. J. Reddi and 7 others, *Adaptive Federated Optimization*, 2021,
#   [arXiv 2003.00295](https://arxiv.org/abs/2003.00295); momentum: T.-M. H. Hsu, H. Qi and M. Brown, *Measuring the Effects of
#   Non-Identical Data Distribution for Federated Visual Classification*, 2019, [arXiv 1909.06335](https://arxiv.org/abs/1909.06335).
# - The mean with tiny steps, and much else, in theory: J. Wang and 52 others, *A Field Guide to Federated Optimization*, 2021,
#   [arXiv 2107.06917](https://arxiv.org/abs/2107.06917).
