# %% [markdown]
# # 05 Other algorithms: what each of them mends
#
# FedAvg has many children. Each mends one thing that goes wrong, and each is a few lines. You race three of them, find
# out that the race was not fair, see in a plane what each of them does, and write one of your own.
#
# After this lesson you will be able to
#
# 1. show why FedAvg with several local steps settles in the wrong place, and how SCAFFOLD and FedDyn get out of it,
# 2. say what an algorithm costs, in bytes and in memory, and which cause it answers,
# 3. tell whether a race of two algorithms was fair, and run one that is,
# 4. write an algorithm of your own in 10 to 20 lines and put it in the lab.
#
# About 40 minutes up to *More, if you like*. That part, three short sections of which none needs the others, takes 15
# more, and the exercises 30.

# %% [markdown] tags=["notebook"]
# Run the grey boxes from the top, with Shift+Enter or *Run > Run All Cells*. The questions wait for your answer.

# %% [markdown]
# ## Before you start
#
# Ten parties, 200 images each, and most of a party's images show only one or two digits. They train for 5 local epochs
# a round, with a learning rate of 0.05. **SCAFFOLD** is FedAvg with a correction in each local step. For that it sends
# twice as many bytes.

# %% jupyter={"source_hidden": true}
from fedlab.lessons import claims_05 as promised
from fedlab_widgets import predict

at_once, a_round_later, never = promised.PARTINGS
fork = predict(
    "You stop FedAvg after round 5 and go on from there with SCAFFOLD. In which round do the two curves part?",
    promised.PARTINGS,
    truth=promised.parting,
    why={
        at_once: "In its first round SCAFFOLD knows no slopes yet: all corrections are zero. It is FedAvg.",
        never: "The first round after the fork is FedAvg's, but in it SCAFFOLD learns the slopes it needs.",
    },
)
by_megabytes = predict(
    "Now let both send 190 megabytes: 12 rounds of FedAvg, 6 of SCAFFOLD. Who is ahead?",
    promised.LEADERS,
    truth=promised.by_megabytes,
    why="Switch the plot to megabytes: each point of SCAFFOLD moves out to twice its place, and the lead is gone.",
    then=fork,
)
guess = predict(
    "After 15 rounds, who is ahead in test accuracy?",
    promised.LEADERS,
    truth=promised.by_rounds,
    why="With such data, each party's steps lead away from the others. The correction is made for that.",
    then=by_megabytes,
)
guess

# %% [markdown]
# ## The lab

# %% jupyter={"source_hidden": true}
from fedlab_widgets import Lab, Task

lab = Lab(
    promised.FEDAVG,
    controls=["algorithm", "learning_rate"],
    prediction=guess,
    tasks=[
        Task("**FedAvg.** Press **Run**.", promised.FEDAVG),
        Task("**SCAFFOLD.** Choose it as algorithm and press **Run**.", promised.SCAFFOLD),
        Task(
            "**FedAvgM.** Its server has momentum: it rolls on in the direction of earlier rounds. Press **Run**.",
            promised.MOMENTUM,
        ),
        Task("Switch the plot from “round” to “megabytes sent”. What becomes of SCAFFOLD's lead?"),
        Task("Set the algorithm to SCAFFOLD. Then, under “Runs”: run 1 (FedAvg), round 5, **Continue from it**.",
             done=promised.forked),
        Task("Under “Behind the accuracy”: round 3 of FedAvg, then of SCAFFOLD. Whose parties walk the same way? "
             "The disagreement of their updates tells."),
    ],
)  # fmt: skip
lab

# %% jupyter={"source_hidden": true}
from fedlab_widgets import claims

claims(lab, promised.WE_SAY, promised.AFTER_15_ROUNDS)

# %% [markdown]
# **By megabytes.** A round of SCAFFOLD costs two of FedAvg. As far as FedAvg's 239 megabytes go, the two are level
# within a few points: SCAFFOLD is first a little behind, then a little ahead. Which yardstick counts depends on what is
# dear: rounds, because phones answer only at night, or bytes. FedAvgM is ahead by both.
#
# **The fork.** Round 6 is FedAvg's, to the last digit: SCAFFOLD has no memory yet. The curves part in round 7.
#
# **Behind the accuracy.** In FedAvg's round 3 the parties' updates stand at right angles to each other: their mean
# cosine is about zero. In SCAFFOLD's they go partly the same way. That is the correction at work. Remember from [lesson
# 03](03_non_iid.ipynb) that this shows *disagreement*. Drift is something else: a bias, and you will see it below.
#
# ## The ranking is a learning rate
#
# All three ran with a learning rate of 0.05. Nobody said why. Let us try others, first with your own eyes: FedAvg and
# SCAFFOLD with three rates, and one seed.

# %% jupyter={"source_hidden": true}
rates = predict("With a learning rate of 0.2, four times as large: who is ahead?", promised.LEADERS)
rates

# %%
from fedlab.lessons import pictures_05 as pictures
from fedlab.lessons import published_05 as published
from fedlab.lessons import size, train
from fedlab_widgets import show

base = promised.FEDAVG.with_(rounds=size(15, 1))
sweep = {
    f"{name}, rate {rate:g}": base.with_(algorithm=name.lower(), learning_rate=rate)
    for name in ("FedAvg", "SCAFFOLD")
    for rate in (0.05, 0.1, 0.2)
}
mine = [
    published.written(name.partition(",")[0], history)
    for name, history in train(sweep, what="A sweep of the learning rate").items()
]
show(
    pictures.rates(mine, "one seed: 0"),
    alt="Test accuracy of FedAvg and SCAFFOLD against three learning rates, seed 0.",
)

# %% [markdown]
# One seed can mislead. Here are three others, and five algorithms, from `python -m benchmarks.lesson_05`.

# %% jupyter={"source_hidden": true}
show(
    pictures.rates(published.runs("tuning"), "mean of seeds 10, 11 and 12; bars from the worst to the best"),
    alt="Test accuracy after 16 rounds against four learning rates. FedAvg is best at 0.2, SCAFFOLD at 0.1, FedDyn at "
    "0.05, FedAvgM at 0.2, FedAdam at 0.4; at 0.4 SCAFFOLD breaks down and leaves the picture.",
)

# %% jupyter={"source_hidden": true}
from fedlab.lessons import claim

tuning = published.runs("tuning")
lead = {rate: published.lead(tuning, "SCAFFOLD", "FedAvg", rate) for rate in (0.05, 0.2)}
rates.compare(promised.leader(lead[0.2]))
claim("At 0.05 SCAFFOLD is ahead of FedAvg, mean of three seeds", lead[0.05], above=5, unit="points")
claim("At 0.2 FedAvg is ahead of SCAFFOLD", -lead[0.2], above=3, unit="points")
claim(
    "Compare FedAvg at its best rate with SCAFFOLD at the lab's: FedAvg is ahead",
    published.best_against(tuning),
    above=0,
    unit="points",
)

# %% [markdown]
# So the headline of your lab was a learning rate. At 0.05 SCAFFOLD is far ahead. At 0.2 it is behind on average, though
# not with every seed. At 0.4 its numbers run off to infinity. And FedAvg at its best rate is ahead of SCAFFOLD at the
# lab's. With one rate for all, a race measures whom the rate suits. What looks like the better algorithm may be the
# better tuned one.
#
# ## What happened, and why: two valleys
#
# On a model of 199,210 weights you cannot see what an algorithm does. So take one with two weights, $a$ and $b$, and
# two parties. Each party's loss is a valley:
#
# $$f_0 = \tfrac12 (a - 15)^2 + b^2 \qquad f_1 = 2\,(a + 12)^2 + 0.7\,(b + 15)^2$$
#
# The shared model should go to the minimum of their mean. There the slopes cancel: $(a - 15) + 4\,(a + 12) = 0$ and
# $2b + 1.4\,(b + 15) = 0$, so $a = -6.6$ and $b \approx -6.18$.
#
# Each round, both parties walk 10 steps downhill from the shared point, each in its own valley. Then the server takes
# the mean of where they are. The algorithms are the kit's own: the same classes that the lab runs on images.

# %% jupyter={"source_hidden": true}
drift = predict(
    "Where does FedAvg settle, after many rounds?",
    ["at the minimum of the mean", "somewhere else", "it never settles"],
    why={
        "at the minimum of the mean": "It would with one local step a round. With ten, the mean of places is biased.",
        "it never settles": "It does, soon: in one point that a whole round leaves where it is.",
    },
)
drift

# %%
import numpy as np

from fedlab.algorithms import ALGORITHMS
from fedlab.lessons import plane

walks = {
    "FedAvg": plane.walk(ALGORITHMS["fedavg"](), rounds=30),
    "SCAFFOLD": plane.walk(ALGORITHMS["scaffold"](), rounds=30),
    "FedDyn": plane.walk(ALGORITHMS["feddyn"](feddyn_alpha=1), rounds=30),
}

# %% jupyter={"source_hidden": true}
show(
    pictures.walks(walks),
    alt="Three maps of a valley: FedAvg stops right of the star that marks the minimum, SCAFFOLD and FedDyn end on it.",
)

# %% jupyter={"source_hidden": true}
moved = np.linalg.norm(walks["FedAvg"].shared[-1] - walks["FedAvg"].shared[-2])
far = plane.distance(walks["FedAvg"]) > 1
drift.compare("it never settles" if moved > 0.01 else "somewhere else" if far else "at the minimum of the mean")
for name, one in walks.items():
    a, b = one.shared[-1]
    print(f"{name} is at ({a:.1f}, {b:.1f}), {plane.distance(one):.1f} from the minimum of the mean.")

# %% [markdown]
# Look at the thin lines in the left picture: the parties' steps in the first round and in the last. Along $a$, party
# 1's valley is steep, so in 10 steps it gets all the way. Party 0's is flat, so it is still going. The server takes the
# mean of two **places**. But how far a party came depends on how steep its valley is, not only on where it wants to go.
# So the walk ends where the two ways cancel, and that is not where the slopes cancel.
#
# This is **client drift**, as in lesson 03: the mean of where parties end after many local steps is not where many
# averaged single steps lead. It is a bias. More rounds do not help. To see it, give FedAvg the same number of
# gradients, 300 for each party, in rounds of 1 to 50 steps.

# %% jupyter={"source_hidden": true}
from fedlab_widgets import show_table

show_table(
    [
        {"local steps a round": steps, "rounds": 300 // steps, "away from the minimum": away}
        for steps in (1, 2, 5, 10, 20, 50)
        for away in [plane.distance(plane.walk(ALGORITHMS["fedavg"](), 300 // steps, steps=(steps, steps)))]
    ],
    "FedAvg, 300 gradients for each party, step size 0.1",
    digits=2,
    exact=True,
)

# %% [markdown]
# With one step a round there is no drift: the mean of two single steps *is* a step down the mean of the slopes. Each
# further step adds some.
#
# **SCAFFOLD** gives each party $k$ a memory $c_k$: the slope that it had on its way through the last round. The mean of
# all is $c$. Each local step becomes
#
# $$w \leftarrow w - \eta\,\bigl(\nabla l(w; b) - c_k + c\bigr)$$
#
# In words: leave out what only you want, put in what all want. Near the minimum each party's own slope is $c_k$ and $c$
# is zero, so nobody walks away any more. In the middle picture, the thin lines of the last round have vanished.
#
# **FedDyn** reaches the same place and sends only the model. Each party remembers $g_k$, and its local step is
#
# $$w \leftarrow w - \eta\,\bigl(\nabla l(w; b) - g_k + \alpha_{dyn}\,(w - w_t)\bigr)$$
#
# The last term you know from FedProx: a rubber band to where the round began. When the round is over, the party writes
# down how hard it had pulled the band: $g_k \leftarrow g_k - \alpha_{dyn}\,(w_k - w_t)$. From round to round $g_k$
# becomes the party's own slope, as $c_k$ does. What the party does not get is $c$. So the server puts in what all want,
# by itself: it adds up the updates in a memory $h$ and goes further than the mean by $-h / \alpha_{dyn}$.

# %% [markdown]
# ## The code behind it
#
# The walk is this short. It calls the two halves of an algorithm, which are what an algorithm may change:
#
# - **at the party**: `start` and `correction`, which get what the server has sent down and what the party remembers;
#   `local_gradient`, the direction of each local step; `report`, what the party sends up and what it remembers;
# - **at the server**: `send`, what goes down; `step`, which makes the new model from the mean of what came up.
#
# Between the halves there is nothing but that mean. Elsewhere it counts parties by their examples; here both count the
# same.

# %%
from fedlab_widgets import show_source

show_source(plane.walk)

# %% jupyter={"source_hidden": true}
from fedlab_widgets import show_lines

SCAFFOLD, FedDyn = ALGORITHMS["scaffold"], ALGORITHMS["feddyn"]
show_lines(
    {
        r"SCAFFOLD, down: $w_t$ and $c$": (SCAFFOLD.send, "return"),
        r"$c - c_k$": (SCAFFOLD.correction, "return"),
        r"$\nabla l(w; b) - c_k + c$": (SCAFFOLD.local_gradient, "return"),
        r"$c_k^+ - c_k = -c + (w_t - w_k) / (\tau_k\,\eta)$": (SCAFFOLD.report, "change ="),
        r"up: $w_k - w_t$ and $c_k^+ - c_k$": (SCAFFOLD.report, "return"),
        r"$w_{t+1} = w_t + \eta_s \sum_k \frac{n_k}{n} (w_k - w_t)$": (SCAFFOLD.step, "return"),
        r"FedDyn: $\nabla l(w; b) - g_k + \alpha_{dyn} (w - w_t)$": (FedDyn.local_gradient, "return"),
        r"$g_k \leftarrow g_k - \alpha_{dyn} (w_k - w_t)$; up: $w_k - w_t$": (FedDyn.report, "return"),
        r"$h \leftarrow h - \alpha_{dyn} \sum_k p_k (w_k - w_t)$": (FedDyn.step, "h = "),
        r"$w_{t+1} = \sum_k \frac{n_k}{n} w_k - h / \alpha_{dyn}$": (FedDyn.step, "return"),
    }
)

# %% [markdown]
# `update` is $w_k - w_t$, at the server its mean. $\eta_s$, the server's own step, is 1. $c_k^+$ is what the party
# remembers from now on. $\tau_k$ is the number of local steps (`effective_steps`, as long as they have no momentum), so
# $(w_t - w_k) / (\tau_k\,\eta)$ is the mean slope on party $k$'s way. $p_k$ is party $k$'s share of everybody's
# examples, present or not.
#
# What does $\alpha_{dyn}$ do? It is how stiff the band is, and how much of its pull a party learns in a round.

# %% jupyter={"source_hidden": true}
strengths = (0.01, 0.1, 1, 10)
show_table(
    [
        {"rounds": rounds}
        | {f"α_dyn = {alpha:g}": plane.distance(plane.walk(FedDyn(feddyn_alpha=alpha), rounds)) for alpha in strengths}
        for rounds in (5, 20, 100)
    ],
    "How far FedDyn is from the minimum of the mean",
    digits=2,
    exact=True,
)

# %% [markdown]
# A loose band teaches little in a round; a stiff one hardly lets a party walk. In the plane it is best about as strong
# as the valleys are steep. All strengths lead to the same place. On images 0.1 is the kit's default.
#
# ## Why does SCAFFOLD send twice as much?
#
# Down it must: a party cannot know $c$, what *all* want. Up it sends $c_k^+ - c_k$, and the formula above has something
# odd. Everything on its right side is at the server: $c$ and $w_t$ it has sent itself, $w_k$ has just come, and $\eta$
# and $\tau_k$ are two numbers. The server does not even have to keep the $c_k$. So why send it? Here is a SCAFFOLD that
# sends one number instead.


# %%
class Thrifty(SCAFFOLD):
    """SCAFFOLD whose parties send τ_k η in place of c_k⁺ - c_k; the server works that out from the mean update."""

    def report(self, down, c_k, trained):
        (update, _), c_k = super().report(down, c_k, trained)
        return (update, np.float32(trained.effective_steps * trained.learning_rate)), c_k

    def step(self, w, mean, share, c):
        update, walked = mean
        return super().step(w, (update, -c - update / walked), share, c)


show_table(
    [
        {"local steps": f"{steps[0]} and {steps[1]}"}
        | {kind.__name__: plane.distance(plane.walk(kind(), 300, steps=steps)) for kind in (SCAFFOLD, Thrifty)}
        for steps in ((10, 10), (3, 20))
    ],
    "How far from the minimum of the mean they settle",
    exact=True,
)

# %% [markdown]
# With equal steps it is SCAFFOLD, for three quarters of the bytes. With unequal steps it is not: then each update has
# to be divided by its own $\tau_k$, *before* the mean. A server that sees every $w_k$ could do that. A server that only
# ever sees the mean, as it should for the sake of privacy, cannot. Then the parties have to send the second vector.
# Also, the paper's other option takes as $c_k^+$ the slope at $w_t$ over all of the party's data, which nobody else can
# work out. The kit counts what the paper's algorithm sends: two vectors each way.
#
# ## And if a party never comes back?
#
# A phone is sold. Party 1 takes part in ten rounds, and then never again. Its $c_1$ is gone with it, but what it sent
# is still in $c$.

# %% jupyter={"source_hidden": true}
gone = predict(
    "Only party 0 goes on. Where does SCAFFOLD's model go?",
    ["to party 0's minimum", "it stays at the minimum of the mean", "it runs away"],
    why="Party 0's steps are still corrected by c, and half of c is what party 1 wanted when it was last seen.",
)
gone

# %%
left = {
    "FedAvg": plane.walk(ALGORITHMS["fedavg"](), 40, who=lambda number: (0, 1) if number < 10 else (0,)),
    "SCAFFOLD": plane.walk(SCAFFOLD(), 40, who=lambda number: (0, 1) if number < 10 else (0,)),
}

# %% jupyter={"source_hidden": true}
show(
    pictures.walks(left),
    alt="Party 1 leaves after round 10: FedAvg's model walks to party 0's minimum, SCAFFOLD's stays on the star.",
)
stays = plane.distance(left["SCAFFOLD"]) < 0.1
gone.compare("it stays at the minimum of the mean" if stays else "to party 0's minimum")
claim("FedAvg ends at party 0's minimum, (15, 0)", left["FedAvg"].shared[-1][0], above=14.9)
claim("SCAFFOLD ends near the minimum of the mean", plane.distance(left["SCAFFOLD"]), below=0.1)

# %% [markdown]
# FedAvg forgets who is not there; SCAFFOLD never does (nor does FedDyn: its $h$ remembers). That is good if party 1's
# data still count. It is bad if it left because its data must not count any more, or if its $c_1$ was old when it left:
# it then pulls for ever towards what was right once. And a party that takes part only once has no $c_k$ to correct by.
#
# ## Write your own
#
# An algorithm is a class made from `FedAvg`. It changes what it wants to change, and leaves the rest. A `setting`
# becomes a slider in the lab. Here is one in ten lines: a **cautious** server that goes only a part of the way to the
# mean. `mean[0]` is the mean of the parties' updates, and `server` what the server remembers: here nothing.

# %%
from fedlab.algorithms import FedAvg
from fedlab.settings import setting


class Cautious(FedAvg):
    """w <- w + trust · (the parties' mean update): with trust = 1 it is FedAvg."""

    lesson = "The server goes only a part of the way to the mean."

    trust: float = setting(0.5, "How much of the way to the mean the server goes; 1 is FedAvg.", low=0.1, high=2.0)

    def step(self, w, mean, share, server):
        return w + self.trust * mean[0], server


careful = promised.FEDAVG.with_(algorithm=Cautious(), rounds=size(8, 2))
own_lab = Lab(
    careful,
    controls=["algorithm", "trust"],
    algorithms=[Cautious],
    tasks=[
        Task("Press **Run**: trust = 0.5.", careful),
        Task("Will trust = 1.5 be faster, or wild? Say it, then **Run**.", careful.with_(trust=1.5)),
    ],
)
own_lab

# %% [markdown]
# It is on the fast path: the same engine, the same pictures, the same *Step* and *Pause* as any other algorithm. If a
# class returns the wrong shape or NaN, the lab says so in one sentence.
#
# ## A fair race

# %% jupyter={"source_hidden": true}
fair = predict(
    "Which race of two algorithms is fair?",
    [
        "the same settings for both, the learning rate too",
        "each with the rate that is best for it on the seeds of the race",
        "each with the rate that is best for it on other seeds",
    ],
    why={
        "the same settings for both, the learning rate too": "Then the race asks whom that rate suits, as you have seen.",
        "each with the rate that is best for it on the seeds of the race": (
            "Then whoever tries more rates has had more tries at these very seeds, and the best of many is partly luck."
        ),
    },
)
fair

# %% jupyter={"source_hidden": true}
fair.compare(
    "each with the rate that is best for it on other seeds",
)

# %% [markdown]
# Define the race before you run it:
#
# 1. **Same for all**: the parties, the first model, the seeds. In the kit one seed fixes all three.
# 2. **Its own for each**: the learning rate, found with the same effort for each, on other seeds than those that race.
# 3. **The yardstick**: after equal rounds *and* after equal megabytes. Say which one you care about, beforehand.
# 4. **The answer**: paired differences and their interval, as in [lesson 04](04_fedprox.ipynb). Not who won, but by how
#    much and how sure.

# %%
best = published.best_rates(tuning)  # of four rates, by the mean of seeds 10, 11 and 12
print("Best rates:", ", ".join(f"{name} {rate:g}" for name, rate in best.items()))

# %%
from fedlab.lessons.race import panels, race

short = promised.FEDAVG.with_(rounds=size(10, 1))
methods = {
    "FedAvg": short.with_(learning_rate=best["FedAvg"]),
    "SCAFFOLD": short.with_(algorithm="scaffold", learning_rate=best["SCAFFOLD"]),
    "FedDyn": short.with_(algorithm="feddyn", learning_rate=best["FedDyn"]),
}
runs = race(methods, seeds=(0, 1, 2))
show(panels(runs), alt="Test accuracy in three panels, one a seed: three algorithms, each with its own best rate.")

# %%
from fedlab.lessons.race import difference, differences, last_accuracy

paid = promised.megabytes(runs["FedAvg"][0], short.rounds)  # by all of FedAvg's rounds
mine = [
    difference(runs, "SCAFFOLD", "FedAvg", last_accuracy),
    difference(runs, "SCAFFOLD", "FedAvg", lambda run: promised.accuracy_at(run, paid)),
    difference(runs, "FedDyn", "FedAvg", last_accuracy),
]
names = ["SCAFFOLD, equal rounds", "SCAFFOLD, equal megabytes", "FedDyn, equal both"]
show(
    differences(mine, "test accuracy to FedAvg, points", names),
    alt="Differences to FedAvg with their intervals, three seeds: SCAFFOLD after equal rounds, equal megabytes; FedDyn.",
)

# %% [markdown]
# Three seeds make long intervals. The same race with six seeds and 16 rounds, from the benchmark:

# %% jupyter={"source_hidden": true}
from fedlab.lessons.race import in_words

raced = published.raced(published.runs("race"))
found = [
    published.over_fedavg(raced, "SCAFFOLD"),
    published.over_fedavg(raced, "SCAFFOLD", equal_megabytes=True),
    *(published.over_fedavg(raced, name) for name in ("FedDyn", "FedAvgM", "FedAdam")),
]
show(
    differences(found, "test accuracy, points"),
    alt="Differences of four tuned algorithms to tuned FedAvg over six seeds, with their 95 percent intervals.",
)
print("\n".join(in_words(one, "points") for one in found))

# %% [markdown]
# Each with its own rate, SCAFFOLD and FedAvg cannot be told apart after equal rounds. At equal megabytes FedAvg is
# ahead. FedDyn sends no more than FedAvg, and with six seeds it cannot be told from it either. What helps here, and
# clearly, is a server that keeps its direction, FedAvgM, or that does so with a step for each weight, FedAdam. They
# send nothing more.
#
# This is far from what your lab seemed to say. And it is not the last word: all ten parties took part in each round
# (*A better step at the server*, below, asks what happens if only three do). FedDyn's best rate was the smallest of the
# four, and FedAdam's the largest, so with more rates both might do better. FedAdam has a rate of the server, too, which
# was chosen from four: it had more tuning than the others. Whoever reports a race should say such things.
#
# ## More, if you like
#
# Three sections, each by itself.
#
# ### Who steps more often: FedNova
#
# In the plane both parties took 10 steps. Real parties do not: with 5 epochs, who holds ten times the images takes ten
# times the steps, and a slow phone takes fewer. So a large party counts twice over: $n_k$ weighs its update, and the
# update is longer because of its many steps. FedAvg leans towards who steps most. **FedNova** divides what each party
# has walked by its number of steps $\tau_k$ before it takes the mean, and then goes as far as the parties did on
# average:
#
# $$w_{t+1} = w_t - \Bigl(\sum_k \frac{n_k}{n} \tau_k\Bigr) \sum_k \frac{n_k}{n} \frac{w_t - w_k}{\tau_k}$$
#
# Party 0 takes 1 step a round and party 1 takes 4. Once with tiny steps, once with the step size from above.

# %% jupyter={"source_hidden": true}
show_lines(
    {
        r"up: $(w_k - w_t) / \tau_k$ and $\tau_k$": (ALGORITHMS["fednova"].report, "return"),
        r"$w_{t+1} = w_t + (\sum_k \frac{n_k}{n} \tau_k) \sum_k \frac{n_k}{n} (w_k - w_t) / \tau_k$": (
            ALGORITHMS["fednova"].step,
            "return",
        ),
    }
)
show_table(
    [
        {"steps": f"{steps[0]} and {steps[1]} of size {rate:g}"}
        | {
            ALGORITHMS[name].title: plane.distance(
                plane.walk(ALGORITHMS[name](), rounds=int(20 / rate), steps=steps, rate=rate)
            )
            for name in ("fedavg", "fednova", "scaffold")
        }
        for steps, rate in (((1, 4), 0.005), ((1, 4), 0.1), ((10, 10), 0.1))
    ],
    "How far from the minimum of the mean each settles",
    exact=True,
)

# %% [markdown]
# With tiny steps FedNova mends almost all of it. With larger steps it does not, because a party's slope changes on its
# way; and with equal steps FedNova *is* FedAvg. FedNova answers different numbers of steps. SCAFFOLD answers different
# data, and answers both here. An algorithm helps against its own cause, and not against another. (This is also why
# unequal sizes were not quite harmless in lesson 03: who has more images steps more.)
#
# ### A better step at the server
#
# The server sees one mean update each round, $\Delta_t = \sum_k \frac{n_k}{n} w_k - w_t$. FedAvg adds it. It could also
# treat it as a slope and use any optimiser. Nothing more is sent; what it remembers stays at the server.
#
# - **FedAvgM** has momentum: $v_t = \beta_s v_{t-1} + \Delta_t$, and it goes along $v_t$. It remembers one number a
#   weight.
# - **FedAdagrad, FedAdam, FedYogi** are *adaptive*: each weight gets a step size of its own. They keep a mean of the
#   updates, $m_t$, and one of their squares, $v_t$: two numbers a weight, here 1.6 megabytes at the server and nothing
#   at the parties.
#
# $$w_{t+1} = w_t + \eta_s\, \frac{m_t}{\sqrt{v_t} + \tau_s}$$

# %% jupyter={"source_hidden": true}
FedAdagrad, FedAdam, FedYogi = (ALGORITHMS[name] for name in ("fedadagrad", "fedadam", "fedyogi"))
show_lines(
    {
        r"FedAvgM: $v_t = \beta_s v_{t-1} + \Delta_t$": (ALGORITHMS["fedavgm"].step, "v = "),
        r"$w_{t+1} = w_t + \eta_s v_t$": (ALGORITHMS["fedavgm"].step, "return"),
        r"adaptive: $m_t = \beta_1 m_{t-1} + (1 - \beta_1) \Delta_t$": (FedAdagrad.step, "m = "),
        r"FedAdagrad: $v_t = v_{t-1} + \Delta_t^2$": (FedAdagrad.second_moment, "return"),
        r"FedAdam: $v_t = \beta_2 v_{t-1} + (1 - \beta_2) \Delta_t^2$": (FedAdam.second_moment, "return"),
        r"FedYogi: $v_t = v_{t-1} - (1 - \beta_2) \Delta_t^2\, \mathrm{sign}(v_{t-1} - \Delta_t^2)$": (
            FedYogi.second_moment,
            "return",
        ),
        r"$w_{t+1} = w_t + \eta_s m_t / (\sqrt{v_t} + \tau_s)$": (FedAdagrad.step, "return"),
    }
)

# %% [markdown]
# Where all updates are about as large as usual, $m_t / \sqrt{v_t}$ is about 1 for each weight. So $\eta_s$ is a
# *length*: how far each weight moves in a round, be $\Delta_t$ large or small. That is why its default, 0.01, looks so
# unlike FedAvgM's 1, and why it must be tuned anew. $\tau_s$ keeps the division from blowing up where a weight hardly
# moves (the paper writes $\tau$; here that is a number of steps).

# %% jupyter={"source_hidden": true}
server = published.by_method(published.runs("server"))
show_table(
    [{"FedAdam": name.partition(", ")[2], "test accuracy, %": sum(ends) / len(ends)} for name, ends in server.items()],
    "FedAdam after 16 rounds, parties' rate 0.05, mean of seeds 10 and 11",
    exact=True,
)

# %% [markdown]
# The default is cautious here; three times as far is much better. The races above have 0.03.
#
# **Where does it settle?** Where $\Delta_t$ is zero, momentum has nothing to roll on, and neither has Adam. So if all
# parties take part and nothing is left to chance, a server optimiser changes how fast you get there, and not where
# "there" is. SCAFFOLD and FedDyn change where.
#
# It is different if few take part. Say that in each round one of our two parties is drawn, party 1 three times as
# often. Then $\Delta_t$ is never zero: it jumps to and fro. Momentum adds the jumps up, so on average it is still
# right. Adam divides each by the size of the jumps of late, and how it divides depends on who came last.

# %%
from fedlab.lessons import watch

drawn = np.random.default_rng(0).random(4_000) < 0.75
servers = {
    "FedAvg": FedAvg(),
    "FedAvgM, β_s = 0.5": ALGORITHMS["fedavgm"](server_momentum=0.5),
    "FedAdam": FedAdam(server_learning_rate=0.1),
    "FedAdam, β_1 = 0, β_2 = 0.5": FedAdam(server_learning_rate=0.1, beta_1=0.0, beta_2=0.5),
}
points = {
    name: plane.walk(kind, len(drawn), who=lambda number: (int(drawn[number]),)).shared[1_000:]
    for name, kind in watch(servers.items(), "Four servers, 4,000 rounds each")
}
show_table(
    [
        {"server": name, "mean a": p[:, 0].mean(), "mean b": p[:, 1].mean(), "spread of a": p[:, 0].std()}
        for name, p in points.items()
    ],
    "Where the model is in rounds 1,001 to 4,000",
)
place = {name: p[:, 0].mean() for name, p in points.items()}
moved = place["FedAvg"] - place["FedAdam, β_1 = 0, β_2 = 0.5"]
claim("FedAvg wanders so many times as far as FedAdam", points["FedAvg"].std() / points["FedAdam"].std(), above=3)
claim("With a short memory the mean place of a is elsewhere, by", moved, above=2)

# %% [markdown]
# FedAdam wanders far less than FedAvg, because large jumps are divided by their own size. With its usual long memory
# its mean place is FedAvg's; with a short one it moves towards the party that comes more often.
#
# And on images? The race had all ten parties in each round. Now let 3 of the 10 take part, for 32 rounds.

# %% jupyter={"source_hidden": true}
few = predict(
    "Who is ahead then, each with its best rate?",
    ["FedAvgM and FedAdam, as before", "SCAFFOLD and FedDyn", "all are level"],
    why={
        "FedAvgM and FedAdam, as before": "Their direction is now that of whoever came last, and they roll on in it.",
        "all are level": "Some remember each party, also those that are not there, and some roll on with who came last.",
    },
)
few

# %% jupyter={"source_hidden": true}
show(
    pictures.rates(published.runs("few"), "3 of 10 parties a round; mean of seeds 0 and 1, bars to both"),
    alt="Test accuracy after 32 rounds with 3 of 10 parties a round, for five algorithms and three learning rates: "
    "SCAFFOLD and FedDyn are on top, FedAvgM and FedAdam no better than FedAvg.",
)
ends = published.best_ends(published.runs("few"))
few.compare("SCAFFOLD and FedDyn" if min(ends["SCAFFOLD"], ends["FedDyn"]) > 3 + ends["FedAvgM"] else "all are level")
show_table(
    [{"algorithm": name, "at its best rate, %": end} for name, end in ends.items()],
    "Test accuracy after 32 rounds, 3 of 10 parties a round, mean of two seeds",
    exact=True,
)

# %% [markdown]
# The order has turned over. With few parties $\Delta_t$ jumps, and a server that rolls on follows whoever came last.
# SCAFFOLD and FedDyn remember all parties, also those that are not there. (Two seeds, and they differ much: this tells
# who is ahead, not by how much. And SCAFFOLD has sent twice as much.) There is no best algorithm; there is one for your
# case.
#
# ### Two things called Dirichlet
#
# "Dirichlet, $\alpha = 0.5$" stands in many papers, and it does not mean the same in all. Here are the two that the kit
# has, at the same $\alpha$, with the same 2,000 images.

# %%
from fedlab.partitions import Dirichlet, LabelDirichlet
from fedlab.partitions.dirichlet import _draw

two = {
    "Hsu, α = 0.5": promised.FEDAVG.with_(alpha=0.5),
    "NIID-Bench, α = 0.5": promised.FEDAVG.with_(partition="label_dirichlet", alpha=0.5),
}
show(
    pictures.two_dirichlets(two),
    alt="Two heat maps of ten parties. Hsu: one to four digits each, 200 images. NIID-Bench: most digits, 100 to 300.",
)
show_lines(
    {
        r"Hsu: each **party** draws $q_k \sim \mathrm{Dir}(\alpha\, p)$; $p$: everybody's labels": (
            Dirichlet.assign,
            "tastes =",
        ),
        r"its share of each label; sizes stay equal": (_draw, "rng.dirichlet"),
        r"NIID-Bench: each **label** draws $\mathrm{Dir}(\alpha, \dots, \alpha)$, its share for each party": (
            LabelDirichlet._draw,
            "rng.dirichlet",
        ),
    }
)

# %% [markdown]
# Two differences. First, who draws: parties draw labels, or labels draw parties. In the second case sizes differ too.
# Second, how much $\alpha$ is worth. Hsu's $\alpha$ is *shared out* over the labels: with ten labels each has
# $\alpha / 10$. In NIID-Bench each has all of it. So Hsu's $\alpha = 5$ should be about as skewed as NIID-Bench's 0.5:

# %% jupyter={"source_hidden": true}
table = [
    {"α": alpha} | {name.partition(",")[0]: promised.mean_skew(one.with_(alpha=alpha)) for name, one in two.items()}
    for alpha in (0.05, 0.5, 5.0)
]
show_table(table, "Label skew, mean of ten seeds", digits=2)
claim("Hsu's 5 and NIID-Bench's 0.5 differ in skew by", abs(table[2]["Hsu"] - table[1]["NIID-Bench"]), below=0.05)
claim("Hsu's 0.5 and NIID-Bench's 0.5 differ by", table[1]["Hsu"] - table[1]["NIID-Bench"], above=0.15)

# %% [markdown] tags=["exercise"]
# ## Exercises
#
# Write your code in place of `raise NotImplementedError()`, run the cell, then run the check below it. A check tells
# you what is wrong; it does not know the answer, only what must be true of it.

# %% tags=["exercise"]
import numpy as np

from fedlab.algorithms import FedAvg
from fedlab.lessons import checks_05 as check
from fedlab.settings import setting

# %% [markdown] tags=["exercise"]
# **1. Where FedAvg settles.** One weight, several parties. Party $k$'s loss is a valley with its minimum at $z_k$ =
# `centres[k]` and second derivative $\lambda_k$ = `curves[k]`, so its slope at $w$ is $\lambda_k (w - z_k)$. All count
# the same. Return the point that a round of FedAvg with `steps` local steps of size `rate` ($\eta$) leaves where it is.
# Two ways lead there: simulate until it settles, or work it out. One step takes $w - z_k$ to
# $(1 - \eta \lambda_k)(w - z_k)$.


# %% tags=["exercise"] nbgrader={"grade": false, "grade_id": "settles", "locked": false, "schema_version": 3, "solution": true, "task": false}
def settles_at(curves, centres, rate, steps):
    ### BEGIN SOLUTION
    walked = 1 - (1 - rate * curves) ** steps  # the share of the way to its centre that each party walks
    return np.sum(walked * centres) / np.sum(walked)
    ### END SOLUTION


# %% tags=["exercise"] nbgrader={"grade": true, "grade_id": "settles-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check.check_settles(settles_at)

# %% [markdown] tags=["exercise"]
# **2. A fair race.** `base` is an experiment with FedAvg, in which all parties take part. `rates` holds the learning
# rates that were found on other seeds, such as `{"FedAvg": 0.2, "SCAFFOLD": 0.1}`. Return the two experiments of a race
# at equal megabytes, as `{"FedAvg": …, "SCAFFOLD": …}`: FedAvg with `base.rounds` rounds, and SCAFFOLD with as many
# rounds as FedAvg's bytes pay for. `base.with_(…)` makes an experiment with something changed.


# %% tags=["exercise"] nbgrader={"grade": false, "grade_id": "fair", "locked": false, "schema_version": 3, "solution": true, "task": false}
def fair_race(base, rates):
    ### BEGIN SOLUTION
    return {
        "FedAvg": base.with_(learning_rate=rates["FedAvg"]),
        "SCAFFOLD": base.with_(algorithm="scaffold", learning_rate=rates["SCAFFOLD"], rounds=base.rounds // 2),
    }
    ### END SOLUTION


# %% tags=["exercise"] nbgrader={"grade": true, "grade_id": "fair-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check.check_fair_race(fair_race)

# %% [markdown] tags=["exercise"]
# **3. Your own algorithm: clipping.** One party can move the mean as far as it likes. Write a FedAvg that limits that.
# A party whose update $w_k - w_t$ is longer than `reach` shortens it to the length `reach`, in the same direction; a
# shorter one stays. It does so itself, before it sends anything: the server only ever sees the mean. `down[0]` is
# $w_t$, which the server has sent; `trained.weights` is $w_k$; both are arrays of $P$ numbers that must not be changed
# in place. Return a pair: the message, `(update,)`, and `own`, what the party remembers, as it is. The mean by examples
# and the server's step stay those of FedAvg.


# %% tags=["exercise"] nbgrader={"grade": false, "grade_id": "clipped", "locked": false, "schema_version": 3, "solution": true, "task": false}
class Clipped(FedAvg):
    """FedAvg in which no party sends an update that is longer than `reach`."""

    reach: float = setting(1.0, "How long a party's update may be; a large reach is FedAvg.", low=0.1, high=10.0)

    def report(self, down, own, trained):
        ### BEGIN SOLUTION
        update = trained.weights - down[0]
        update = update * min(1.0, self.reach / max(np.linalg.norm(update), 1e-12))
        return (update,), own
        ### END SOLUTION


# %% tags=["exercise"] nbgrader={"grade": true, "grade_id": "clipped-check", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check.check_clipped(Clipped)

# %% [markdown] tags=["exercise"]
# **4. FedNova** (from *More, if you like*). `shared` holds $w_t$, shape $(P,)$; `weights` the parties' $w_k$, shape
# $(K, P)$; `sizes` their $n_k$ and `steps` their $\tau_k$, shape $(K,)$ each. Return $w_{t+1}$ by the formula there.


# %% tags=["exercise"] nbgrader={"grade": false, "grade_id": "nova", "locked": false, "schema_version": 3, "solution": true, "task": false}
def nova(shared, weights, sizes, steps):
    ### BEGIN SOLUTION
    p = sizes / np.sum(sizes)
    directions = (shared - weights) / steps[:, None]
    return shared - (p @ steps) * (p @ directions)
    ### END SOLUTION


# %% tags=["exercise"] nbgrader={"grade": true, "grade_id": "nova-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check.check_nova(nova)

# %% [markdown] tags=["exercise"]
# **5. Race your own, fairly.** When the check of `Clipped` is content, press **B** for a new cell below. Tune first, on
# seeds that will not race:
#
# ```python
# mine = short.with_(algorithm=Clipped(reach=1.0))
# tried = race({rate: mine.with_(learning_rate=rate) for rate in (0.1, 0.2, 0.4)}, seeds=(10,))
# print({rate: last_accuracy(one) for rate, (one,) in tried.items()})
# ```
#
# Then race it with the rate that was best, and look at the differences:
#
# ```python
# runs |= race({"Clipped": mine.with_(learning_rate=0.2)}, seeds=(0, 1, 2))
# print(in_words(difference(runs, "Clipped", "FedAvg", last_accuracy), "points"))
# ```
#
# `Lab(promised.FEDAVG, algorithms=[Cautious, Clipped])` puts it into a lab, with its slider. Then change one line into
# an idea of your own, race again, and write down how many ideas you tried: the best of ten is partly luck.

# %% [markdown]
# ## What this does not show
#
# - **Other data and models.** All races here are on 2,000 digits with one model and one skew. Elsewhere the order may
#   be another; the way to find out is the same.
# - **Only one rate was tuned.** FedDyn's $\alpha_{dyn}$, FedAvgM's $\beta_s$ and FedAdam's $\tau_s$ kept their
#   defaults, FedAdam's $\eta_s$ was chosen from four. Who has more to tune gains more by tuning.
# - **Memory at the parties.** SCAFFOLD and FedDyn need parties that come back with what they remember. A phone that
#   takes part once has nothing.
# - **Valleys are not networks.** In the plane each algorithm settles. A neural network has many valleys, and 16 rounds
#   do not reach the floor of any. So a good result does not show that the story told about it is right: FedAvgM leads
#   here by being fast, not by going to the right place.
#
# ## Words
#
# - **Client drift**: the mean of where parties end after many local steps is not where many averaged single steps lead.
#   It is a bias.
# - **Control variate** $c_k$: what a party's slope usually is; subtracting it leaves out what only that party wants.
# - **Settle**, fixed point: a model that a whole round leaves where it is.
# - **Server optimiser**: the server treats the mean update as a slope, and takes its own kind of step. *Adaptive*: one
#   size for each weight.
# - **Tuning**: finding the settings that suit an algorithm, on seeds that do not count.
# - **Clipping**: shortening what is too long. It bounds what one party can do, and differential privacy is built on it.
#
# ## Where next
#
# - Back to [04 FedProx](04_fedprox.ipynb), or read an algorithm a file: the folder `fedlab/algorithms`.
# - SCAFFOLD: S. P. Karimireddy, S. Kale, M. Mohri, S. J. Reddi, S. U. Stich and A. T. Suresh, *SCAFFOLD: Stochastic
#   Controlled Averaging for Federated Learning*, 2020, [arXiv 1910.06378](https://arxiv.org/abs/1910.06378).
# - FedDyn: D. A. E. Acar, Y. Zhao, R. Matas Navarro, M. Mattina, P. N. Whatmough and V. Saligrama, *Federated Learning
#   Based on Dynamic Regularization*, 2021, [arXiv 2111.04263](https://arxiv.org/abs/2111.04263).
# - FedNova: J. Wang, Q. Liu, H. Liang, G. Joshi and H. V. Poor, *Tackling the Objective Inconsistency Problem in
#   Heterogeneous Federated Optimization*, 2020, [arXiv 2007.07481](https://arxiv.org/abs/2007.07481).
# - Server optimisers: S. J. Reddi and 7 others, *Adaptive Federated Optimization*, 2021, [arXiv
#   2003.00295](https://arxiv.org/abs/2003.00295); momentum, and the first Dirichlet: T.-M. H. Hsu, H. Qi and M. Brown,
#   *Measuring the Effects of Non-Identical Data Distribution for Federated Visual Classification*, 2019, [arXiv
#   1909.06335](https://arxiv.org/abs/1909.06335).
# - The second Dirichlet, and a bench of algorithms: Q. Li, Y. Diao, Q. Chen and B. He, *Federated Learning on Non-IID
#   Data Silos: An Experimental Study*, 2022, [arXiv 2102.02079](https://arxiv.org/abs/2102.02079).
# - The mean with tiny steps, and much else, in theory: J. Wang and 52 others, *A Field Guide to Federated
#   Optimization*, 2021, [arXiv 2107.06917](https://arxiv.org/abs/2107.06917).
