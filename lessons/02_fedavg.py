# %% [markdown]
# # 02 FedAvg: compute more, send less
#
# Work longer at home, or talk more often? That is the one trade that FedAvg is about. About 40 minutes, and 20 for the exercises.
#
# After this lesson you will be able to
#
# 1. say what K, C, E and B do to the steps, to the image passes and to the bytes of a round,
# 2. turn rounds into seconds and megabytes for a given line and device, and say which settings are first there,
# 3. compare two settings seed by seed, and say what three seeds tell and what they do not.

# %% [markdown] tags=["notebook"]
# Choose *Run > Run All Cells* from the menu once, and then read on. The labs work at once; some pictures further down take a
# minute, and say so.

# %% [markdown]
# ## Two prices
#
# Federated learning pays twice. **Computing:** every party takes steps on its own images. **Communication:** in every round the
# model goes down to the parties and comes back up.
#
# In a data centre computing is dear and sending is cheap. With phones it is the other way round: they are idle at night, but
# the line up is slow and somebody pays for it. So the question is: **can more computing buy less communication?**
#
# Four letters decide. They are those of the paper that FedAvg comes from; others write them differently.
#
# | letter | in the kit | what it says |
# | --- | --- | --- |
# | $K$ | `parties` | how many parties there are |
# | $C$ | `participation` | the share of them that takes part in a round |
# | $E$ | `local_epochs` | how often a party goes through its images before it sends |
# | $B$ | `batch_size` | how many images it looks at for one step; $\infty$, or `"all"`: all of its own |
#
# Two ways to spend them have names. **FedSGD** is $E = 1$ and $B = \infty$: every party takes one step, on all of its images, and
# then everybody sends. **FedAvg** is everything else: many small steps, and then everybody sends.
#
# ## Before you start
#
# 20 parties hold 100 images each. In every round 5 of them take part. After 20 rounds FedSGD gets about 73 % of the test
# images right. FedAvg with $E = 1$ and $B = 10$ looks at exactly the same images and sends exactly the same bytes. But where
# FedSGD takes one step, it takes ten, each on ten images and each with the same learning rate $\eta = 0.1$.

# %% jupyter={"source_hidden": true}
from fedlab import Experiment
from fedlab_widgets import Lab, Task, predict

base = Experiment(parties=20, examples=2_000, participation=0.25, batch_size=10, rounds=20)
fedsgd = base.with_(algorithm="fedsgd")
more_epochs = base.with_(local_epochs=5)
smaller_batches = base.with_(batch_size=5)

then = predict(
    "Look up in the plot how many rounds E = 1 takes until 85 % of the test images are right. How many does E = 5 take?",
    unit="rounds",
    low=1,
    high=20,
    about=more_epochs,
    truth=lambda runs: next((one.rounds_to(0.85) for one in runs if one.rounds_to(0.85)), None),
    why="Five times the work is done before anything is sent: 50 steps a round instead of 10.",
)
guess = predict(
    "After 20 rounds, how many of the test images does FedAvg with E = 1 and B = 10 get right?",
    unit="%",
    rounds=20,
    about=base,
    why={
        "more": "Five parties hold 500 images between them, and 20 rounds are not many: it is still rising.",
        "less": "Same images, same bytes, but ten times as many steps: each one starts where the last one has come to.",
    },
    then=then,
)
guess

# %% [markdown]
# ## The lab

# %% jupyter={"source_hidden": true}
tasks = [
    Task("Run **FedAvg** with E = 1 and B = 10.", base),
    Task("Run **FedSGD**.", fedsgd),
    Task("Back to FedAvg, with **five times as many epochs**: E = 5.", more_epochs),
    Task("**Halve the batch** instead: E = 1 and B = 5.", smaller_batches),
    Task(
        "Above the plot, switch from round to **megabytes sent**, and then to **simulated seconds**. Which curve moves, "
        "and why does no other?"
    ),
]
lab = Lab(base, controls=["algorithm", "local_epochs", "batch_size"], prediction=guess, tasks=tasks)
lab

# %% [markdown]
# ## What happened, and why
#
# **Bytes.** A model with $P$ weights of 4 bytes goes to $CK$ parties and comes back. In a round that is
#
# $$2 \cdot 4 \cdot P \cdot C K \quad \text{bytes}$$
#
# **Steps and passes.** These are two things, and this page keeps them apart. Party $k$ has $n_k$ images. In a round it goes
# through them $E$ times: $E$ **image passes**. On the way it takes
#
# $$u_k = E \left\lceil \frac{n_k}{B} \right\rceil \quad \text{local steps}$$
#
# Look at what is in which formula. C and K change the bytes. E changes the passes and the steps. **B changes the steps alone:**
# half the batch is twice as many steps on the same images. None of E and B changes the bytes of a round.

# %% jupyter={"source_hidden": true}
from fedlab.costs import steps
from fedlab.lessons.tables import show_table

P = 199_210  # weights of the 2NN, the model of this lesson
n_k = base.examples // base.parties  # images of each party
working = round(base.participation * base.parties)
show_table(
    [
        {
            "run": name,
            "image passes": one.local_epochs,
            "local steps": steps(one, n_k),
            "megabytes, all parties": 2 * 4 * P * working / 1e6,
        }
        for name, one in {
            "FedSGD": fedsgd,
            "E = 1, B = 10": base,
            "E = 1, B = 5": smaller_batches,
            "E = 5, B = 10": more_epochs,
        }.items()
    ],
    "Each party of a round, and what all of them send",
    exact=True,
)

# %% [markdown]
# So this is what your runs should have shown:

# %% jupyter={"source_hidden": true}
from fedlab.lessons import Claim
from fedlab_widgets import claims


def megabytes(history):
    """All that a run has sent, down and up."""
    return sum(one.bytes_down + one.bytes_up for one in history) / 1e6


def last(history):
    """Per cent of the test images right after round 20."""
    return 100 * history.rounds[19].test_accuracy


claims(
    lab,
    [fedsgd, base, more_epochs],
    [
        Claim("FedSGD has sent", lambda sgd, small, more: megabytes(sgd), equals=159.368, unit="MB"),
        Claim("FedAvg with E = 1 has sent", lambda sgd, small, more: megabytes(small), equals=159.368, unit="MB"),
        Claim("FedAvg with E = 5 has sent", lambda sgd, small, more: megabytes(more), equals=159.368, unit="MB"),
        Claim("After 20 rounds FedSGD gets right", lambda sgd, small, more: last(sgd), above=70, below=76, unit="%"),
        Claim(
            "FedAvg with E = 1 is ahead of it by more than 10 points",
            lambda sgd, small, more: last(small) - last(sgd),
            above=10,
            unit="points",
        ),
        Claim(
            "With E = 5 a single round gets more right than 20 rounds of FedSGD",
            lambda sgd, small, more: 100 * more.rounds[0].test_accuracy - last(sgd),
            above=1,
            unit="points more",
        ),
        Claim(
            "E = 1 takes more than twice as many rounds to 85 % as E = 5",
            lambda sgd, small, more: small.rounds_to(0.85) / more.rounds_to(0.85),
            above=2,
            unit="times as many",
        ),
    ],
)

# %% [markdown]
# FedSGD pays a round trip for every single step. FedAvg takes many steps for one round trip. What makes that possible is
# the place where the steps are taken: at home, where nobody has to be asked. The batches of a round are made here:

# %%
from fedlab import randomness
from fedlab_widgets import show_source

show_source(randomness.local_batches)

# %% [markdown]
# ### FedSGD deserves a rate of its own
#
# One thing was unfair to FedSGD: all runs had the learning rate $\eta = 0.1$. A single step on all images can well be a longer
# one. So let it choose. To see how far luck goes, we take two **seeds**: a seed is the number that all random choices come from,
# so another seed is another draw of images, first weights and participants.

# %% jupyter={"source_hidden": true}
from fedlab.lessons import claim, size, train

rates = size([0.1, 0.2, 0.3, 0.5, 1.0], [0.1, 0.3])
two_seeds = size([0, 1], [0])
sgd_runs = train(
    {f"η = {rate:g}, seed {seed}": fedsgd.with_(learning_rate=rate, seed=seed) for seed in two_seeds for rate in rates},
    what="FedSGD",
)
by_rate = {rate: [last(sgd_runs[f"η = {rate:g}, seed {seed}"]) for seed in two_seeds] for rate in rates}
show_table(
    [
        {"η": f"{rate:g}"} | {f"seed {seed}, %": right for seed, right in zip(two_seeds, by_rate[rate], strict=True)}
        for rate in rates
    ],
    "FedSGD: test images right after 20 rounds",
)
half_way = train({f"seed {seed}": base.with_(rounds=10, seed=seed) for seed in two_seeds}, what="FedAvg, 10 rounds")
claim("FedSGD at the best of these rates gets right", max(map(max, by_rate.values())), above=78, below=84, unit="%")
claim(
    "FedAvg with E = 1, B = 10 and η = 0.1, after only 10 rounds, at least",
    min(100 * one.rounds[9].test_accuracy for one in half_way.values()),
    above=84.5,
    unit="%",
)

# %% [markdown]
# A longer step helps FedSGD a good deal, and then it breaks down: at $\eta = 1$ it is worse than at 0.1. Which rate is the
# best depends on the seed. But FedAvg, for which nobody has tuned anything, is past all of them after half of the rounds.
#
# ## When more local work stops paying
#
# $E = 5$ was better than $E = 1$. Is $E = 20$ better still? Let us count, until 85 % of the test images are right: the rounds,
# and the image passes of a party that is always asked (rounds × E). A single run can mislead, so we take three seeds.

# %%
from itertools import product

import numpy as np

from fedlab import History, run
from fedlab.lessons import pictures_02, watch
from fedlab_widgets import show


def until(goal, experiment):
    """The rounds of an experiment up to the first that reaches `goal`; no more than it has."""
    history = History(experiment)
    for one in run(experiment):
        history.append(one)
        if one.test_accuracy >= goal:
            break
    return history


seeds = size([0, 1, 2], [1, 2])
epochs = size([1, 2, 5, 10, 20], [1, 5, 20])
runs = {
    (E, seed): until(0.85, base.with_(local_epochs=E, seed=seed, rounds=60))
    for E, seed in watch(list(product(epochs, seeds)), "Five values of E, three seeds")
}

# %% jupyter={"source_hidden": true}
rounds = np.array([[len(runs[E, seed]) for seed in seeds] for E in epochs])
passes = rounds * np.array(epochs)[:, None]
show(
    pictures_02.by_setting(
        "local epochs E", epochs, seeds, {"rounds to 85 %": rounds, "image passes to 85 %, rounds × E": passes}
    ),
    alt="Left: rounds until 85 % against local epochs, falling from E = 1 to 5 and level after that. "
    "Right: the image passes for it, level at first and rising steeply from E = 5 on.",
)
few, some, many = (rounds[epochs.index(E)] for E in (1, 5, 20))
claim("With every seed E = 5 saves rounds against E = 1, at least", min(few - some), above=1, unit="rounds")
claim("E = 20 saves against E = 5 at most", max(some - many), below=2, unit="rounds")
claim("E = 20 takes, with every seed, more image passes than E = 5, at least", min(20 * many / (5 * some)), above=2,
      unit="times as many")  # fmt: skip

# %% [markdown]
# The left plot falls and then lies flat: you cannot do with less than a round or two. The right plot is flat and then rises:
# from there on, more local work is only more work. **The bend is where it stops paying.** It lies somewhere else for other
# data and other models. But there is always one.
#
# ## From rounds to seconds
#
# Are ten rounds with $E = 1$ worse than five with $E = 5$? That depends on what a round and a step cost *you*. A round takes
#
# $$\frac{m\,d}{D} + u\,s + E n\,i + \frac{m\,p}{U} + \text{waiting} \quad \text{seconds}$$
#
# | | |
# | --- | --- |
# | $d$, $p$ | megabytes down to a party, and up from it: 0.8 each for this model |
# | $D$, $U$ | speed of the line down and up, in megabytes a second |
# | $m$ | how many share the line: 1 if each party has its own, $CK$ if they sit behind one |
# | $u\,s$ | local steps, times the seconds of a step |
# | $E n\,i$ | images that the party looks at, times the seconds of an image |
#
# Why two prices for computing? A processor with many units takes about as long for a step on 5 images as for one on 10: then
# the step has the price, and **half the batch costs twice the time**. A slow one takes twice as long for twice the images: then
# the image has the price, and half the batch costs nothing. Most devices lie between.
#
# Try to answer this before you use the calculator:

# %% jupyter={"source_hidden": true}
from fedlab import costs

line = costs.Prices(down=1.0, up=1.0, step=0.02)
options = {"raise E from 1 to 5": more_epochs, "halve B from 10 to 5": smaller_batches}


def sooner(histories):
    """Which of the options is at 85 % first on this line; None until both have been run."""
    found = {name: next((one for one in histories if one.is_of(wanted)), None) for name, wanted in options.items()}
    paid = {name: one and costs.until(one, 0.85, line) for name, one in found.items()}
    return min(paid, key=lambda name: paid[name].seconds.total) if all(paid.values()) else None


question = predict(
    "Each party has a line of 1 MB/s, the model is 0.8 MB each way, a step takes 0.02 s. You want 85 % sooner than with "
    "E = 1 and B = 10. What do you do?",
    list(options),
    truth=sooner,
    why="A round trip takes 1.6 s and a step 0.02 s: 80 steps cost as much as one trip. So buy what saves most trips, and "
    "do not look at the steps.",
)
lab.tell(question)
question

# %% [markdown]
# This calculator takes K, C, E and B from the runs of the lab above, and the prices from you. Run something else up there, and
# it is reckoned here too. *Computing, all parties* is what it takes out of the batteries.

# %%
from fedlab_widgets import Costs

Costs(lab)

# %% [markdown]
# Try, one after the other, and look at who is first and at the formula:
#
# 1. Tick *all parties of a round share the line*. Who gains, who loses?
# 2. Back to a line for each. Now a data centre: 100 MB/s. Is $E = 5$ still first? The last sentence says from which speed on it
#    is not.
# 3. Back to 1 MB/s. Set *seconds a step* to 0 and *seconds an image* to 0.002: a slow processor. What does it cost now to halve B?
# 4. Press *as simulated seconds*. The lab's own clock, the third choice above its plot, is this formula with fixed prices: a
#    line of 10 megabits a second (1.25 MB/s) for each party, 1,000 images a second whatever the batch, no waiting. It is a
#    convention that makes runs comparable, not a measurement of any device. (Its line is the lab's setting *bandwidth*.)

# %% jupyter={"source_hidden": true}
claims(
    lab,
    [more_epochs.with_(rounds=10), smaller_batches.with_(rounds=10)],
    [
        Claim(
            "On a line of 1 MB/s halving B takes longer until 85 % than E = 5",
            lambda more, small: (
                costs.until(small, 0.85, line).seconds.total / costs.until(more, 0.85, line).seconds.total
            ),
            above=1.5,
            unit="times as long",
        ),
    ],
)

# %% [markdown]
# ## And if the parties differ?
#
# Until now every party had a fair mix of digits. Now each holds a mix of its own (Dirichlet, $\alpha = 0.3$: lesson 03). 85 % would
# take long, so we turn the question round: how far does it get in a fixed number of rounds, the *same* number for both mixes?
#
# And we compare **in pairs**. Two runs with one seed share the images, the first weights and who takes part in which round. So
# their *difference* is not about that luck. Between seeds the luck differs, and can be much larger than what you look for.

# %% jupyter={"source_hidden": true}
paired = predict(
    "Ten times the image passes, E = 10 instead of E = 1, gain some accuracy. At equal rounds, do they gain more under skew "
    "or with the fair mix?",
    ["more under skew", "more with the fair mix", "the seeds do not agree"],
    why="Look at the gains seed by seed: under skew they are small with one seed and large with another. The mean of three "
    "such numbers says little.",
)
paired

# %%
three, twelve = 3, 12  # rounds
ten_times = {"E = 1": base.with_(rounds=twelve), "E = 10": base.with_(rounds=twelve, local_epochs=10)}
mixes = {"fair mix": {}, "skewed": {"partition": "dirichlet", "alpha": 0.3}}
pair_runs = train(
    {
        f"{mix}, {name}, seed {seed}": experiment.with_(seed=seed, **own)
        for mix, own in mixes.items()
        for name, experiment in ten_times.items()
        for seed in seeds
    },
    what="Pairs",
)


# %% jupyter={"source_hidden": true}
def best(mix, many):
    """(2, seeds) the best accuracy of the first so many rounds, in per cent, for E = 1 and for E = 10."""
    return np.array(
        [
            [100 * max(pair_runs[f"{mix}, {name}, seed {seed}"].column("test_accuracy")[:many]) for seed in seeds]
            for name in ten_times
        ]
    )


panels = {f"{mix}, {many} rounds": best(mix, many) for many in (three, twelve) for mix in mixes}
show(
    pictures_02.pairs(panels, tuple(ten_times), seeds),
    alt="Four plots of pairs, E = 1 on the left of each and E = 10 on the right, one line a seed; below each what the seed gains. "
    "Fair mix: steep parallel lines in 3 rounds, flat parallel ones in 12. Skewed: the lines lie far apart and are not parallel.",
)
gain = {name: numbers[1] - numbers[0] for name, numbers in panels.items()}
claim("Fair mix, 12 rounds: the seeds gain, at least", min(gain["fair mix, 12 rounds"]), above=1, unit="points")
claim("Skewed, 12 rounds: the seeds gain, at least", min(gain["skewed, 12 rounds"]), above=0, unit="points")
claim("Skewed, E = 1, 12 rounds: from seed to seed it differs by", np.ptp(panels["skewed, 12 rounds"][0]), above=8,
      unit="points")  # fmt: skip
apart = gain["skewed, 12 rounds"] - gain["fair mix, 12 rounds"]
paired.compare(
    "more under skew" if min(apart) > 0 else "more with the fair mix" if max(apart) < 0 else "the seeds do not agree"
)

# %% [markdown]
# What can be said, and what cannot:
#
# - **At equal rounds more local work helped under skew too**: in 12 rounds with each seed. The seeds lie far apart, tens of points,
#   and still every line rises. Had you compared E = 10 of one seed with E = 1 of another, you could have "shown" anything.
# - **Whether it helps more or less than with a fair mix, three seeds do not tell.** With a fair mix the gains are much alike. Under
#   skew they are not. Three rounds and twelve do not give the same order either: after 12 the fair mix has nearly arrived.
# - **More seeds**, run beforehand for this page (six of them, 12 rounds): a fair mix gains 2.6 to 3.5 points, the skewed one 0.2
#   to 12.3. All are above 0, and the skewed ones lie on both sides of the others. Lesson 04 turns this into an interval.
# - **The trap.** This is the *best* round so far. Under skew the curve jumps, and the *last* round is one of many: by the last
#   round E = 10 is behind E = 1 with two of the six seeds. The best of twelve, in turn, is a maximum over test results, so it
#   flatters every run. Say which one you report before you look.
#
# Why does everything take longer under skew, and jump? Each party walks towards what is best for its own digits. Lesson 03
# shows that walk.
#
# ## Who takes part: K and C
#
# C and K are the other price. More parties in a round make a better average, and cost more to ask.

# %% jupyter={"source_hidden": true}
shares = [0.05, 0.1, 0.25, 1.0]
takes_part = base.with_(local_epochs=2, rounds=10)
second_lab = Lab(
    takes_part,
    controls=["participation", "parties"],
    tasks=[
        *(
            Task(f"Run C = {C:g}: {round(20 * C)} of the 20 parties a round.", takes_part.with_(participation=C))
            for C in shares
        ),
        Task("Compare the curves by **round**, and then by **megabytes sent**."),
    ],
)
second_lab

# %% [markdown]
# The same four shares, with three seeds and until 85 %:

# %% jupyter={"source_hidden": true}
measured = size(shares, [0.05, 0.1, 1.0])
share_runs = {
    (C, seed): until(0.85, takes_part.with_(participation=C, seed=seed, rounds=60))
    for C, seed in watch(list(product(measured, seeds)), "Four shares, three seeds")
}
rounds = np.array([[len(share_runs[C, seed]) for seed in seeds] for C in measured])
sent = np.array([[megabytes(share_runs[C, seed]) for seed in seeds] for C in measured])
show(
    pictures_02.by_setting(
        "share C of the 20 parties in each round",
        measured,
        seeds,
        {"rounds to 85 %": rounds, "megabytes to 85 %": sent},
    ),
    alt="Left: rounds until 85 % fall as more parties take part, most of all from one party to two. "
    "Right: the megabytes for it are about the same for one party and for two, and rise steeply after that.",
)
claim("All 20 parties a round send more than two do, with every seed, at least", min(sent[-1] / sent[1]), above=4,
      unit="times as much")  # fmt: skip
claim("Two parties a round send, in the median, less than twice what one does", np.median(sent[1]) / np.median(sent[0]),
      below=2, unit="times as much")  # fmt: skip
claim("And they take fewer rounds than one, in the median", np.median(rounds[0]) - np.median(rounds[1]), above=1,
      unit="rounds fewer")  # fmt: skip

# %% [markdown]
# One party a round sends little, but its average is the opinion of one, and it takes the most rounds. From one party to two
# ($C = 0.1$) the rounds fall a good deal for about the same bytes, in the median. From there on each further party costs more than it saves. That
# is the case for a small share such as $C = 0.1$, which the paper takes for its Table 2. If waiting is what hurts you,
# take more. **First say what is scarce, then choose C.**
#
# ## The tables in the paper
#
# McMahan and others measured all this in 2017, with all 60,000 images and 100 parties. They give the rounds until a test accuracy
# is first reached: a run for each cell, with a learning rate tuned for it. From their **Table 1**, the 2NN, 97 %, $C = 0.1$, $E = 1$:
#
# | | each party has a fair mix | each party has two digits or so |
# | --- | --- | --- |
# | $B = \infty$ (FedSGD) | 1,474 | 1,796 |
# | $B = 10$ | 87 | 664 |

# %%
for name, count in [("FedSGD", 1_474), ("FedAvg, B = 10", 87)]:
    print(f"{name}: {count:,} rounds of 10 parties are {count * 10 * 2 * 4 * P / 1e9:.1f} GB")

# %% [markdown]
# From their **Table 2**, a convolutional network, 99 %, $C = 0.1$:
#
# | | fair mix | two digits or so |
# | --- | --- | --- |
# | FedSGD | 626 | 483 |
# | $E = 1$, $B = 10$ | 34 | 350 |
# | $E = 5$, $B = 10$ | 20 | 229 |
# | $E = 20$, $B = 10$ | 18 | 173 |

# %%
for name, (one, five, twenty) in {"fair mix": (34, 20, 18), "two digits": (350, 229, 173)}.items():
    print(
        f"{name}: E = 5 takes {one / five:.1f} times fewer rounds than E = 1, and E = 20 takes {one / twenty:.1f} times fewer"
    )

# %% [markdown]
# So in the paper, too, more local work pays under skew: with $E = 5$ a little less than with a fair mix, with $E = 20$ a little more.
# Each of these is one run. You have just seen how far seeds can lie apart.
#
# Would we find the same? The kit has run the 2NN's cells with $B = 10$ again, with three seeds (one for $C = 1$). These are read from
# the file that it left in the repository:

# %%
from fedlab.lessons.published import quote

quote("mcmahan")

# %% [markdown]
# We ask for a band and not for equality: one run, one seed and an unknown learning rate do not give a number that another program
# could hit. How wide the band is, from 0.35 to 1.6 times the paper's number, is our choice.
#
# Look at the shards. Two of our three seeds are quicker than the band allows. Their curves jump, and we count the first round
# that touches 97 %: a lucky round is enough. The median of ten rounds gets there later. What holds in paper and file alike is
# the order: two digits a party take more rounds than a fair mix, and asking all 100 parties ($C = 1$) takes fewer than asking
# ten.
#
# **Why do we need fewer rounds than the paper?** We do not know for sure. The paper tells neither the learning rates that won nor how
# it scaled the pixels. The kit takes $\eta = 0.1$ and pixels from 0 to 1. With pixels from −0.5 to 0.5 and everything else the same,
# it takes 88 and 75 rounds with the fair mix (paper: 87) and 491 and 384 with the shards (paper: 664), one number a seed. That is
# close to the paper with the fair mix, and closer than before with the shards. So the scaling may be a part of it. But we went
# looking for a reason after we had seen the difference, and tried several: that makes it a guess that fits, not a finding.
#
# ## The code behind it
#
# FedSGD is FedAvg with two settings held fixed. This is all of it:

# %%
from fedlab import algorithms

show_source(algorithms.FedSGD)

# %% [markdown]
# A round from the parties' models $w_k$ to the new one $w_{t+1}$ is the same for both. A party sends by how much its weights have
# changed; the mean, by examples, is added to the old weights. That is the mean of the $w_k$.

# %%
from fedlab.stages import Mean
from fedlab_widgets import show_lines

show_lines(
    {
        r"a party sends $w_k - w_t$": (algorithms.FedAvg.report, "return"),
        r"$n_k\,(w_k - w_t)$, for each party": (Mean.combine, "upload.examples, dtype"),
        r"their sum, divided by $n$": (Mean.combine, "return"),
        r"$w_{t+1} = w_t + \sum_k \frac{n_k}{n}\,(w_k - w_t)$": (algorithms.FedAvg.step, "return"),
    }
)

# %% [markdown]
# Who takes part in a round: $\max(1, CK)$ of the $K$ parties, drawn anew for each round. And the seconds of a round, the formula of
# the calculator:

# %%
show_source(randomness.participants, costs.of_round)

# %% [markdown] tags=["exercise"]
# ## Exercises
#
# Write your code in place of `raise NotImplementedError()`, run the cell, then run the check below it.

# %% tags=["exercise"]
from fedlab import Experiment
from fedlab.lessons import checks_02 as check

# %% [markdown] tags=["exercise"]
# **1. Count the steps.** A party has `examples` images. How many local steps does it take in a round? `batch_size` is a
# number or the word `"all"`. If it does not divide the images, the last batch of each epoch is a short one, and counts.


# %% nbgrader={"grade": false, "grade_id": "steps", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["exercise"]
def local_steps(examples, batch_size, epochs):
    ### BEGIN SOLUTION
    if batch_size == "all":
        return epochs
    return epochs * -(-examples // batch_size)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "steps-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false} tags=["exercise"]
check.check_steps(local_steps)

# %% [markdown] tags=["exercise"]
# **2. The price of an accuracy.** How many bytes had gone, both ways, when the test accuracy first reached `goal`? A `history`
# is a list of rounds: each `one in history` has `one.test_accuracy`, `one.bytes_up` and `one.bytes_down`. If the run never
# gets there, return `float("inf")`.


# %% nbgrader={"grade": false, "grade_id": "bytes-to", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["exercise"]
def bytes_to(history, goal):
    ### BEGIN SOLUTION
    total = 0
    for one in history:
        total += one.bytes_up + one.bytes_down
        if one.test_accuracy >= goal:
            return total
    return float("inf")
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "bytes-to-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false} tags=["exercise"]
check.check_bytes_to(bytes_to)

# %% [markdown] tags=["exercise"]
# **3. FedSGD without FedSGD.** `experiment` has the algorithm FedAvg. Return one that still has the algorithm FedAvg, but whose
# settings make it do exactly what FedSGD does, whoever holds how much. An experiment cannot be changed; `experiment.with_(seed=3)`
# makes another, with another seed. The check trains yours and FedSGD, and compares all their weights.


# %% nbgrader={"grade": false, "grade_id": "as-fedsgd", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["exercise"]
def as_fedsgd(experiment):
    ### BEGIN SOLUTION
    return experiment.with_(local_epochs=1, batch_size="all")
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "as-fedsgd-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false} tags=["exercise"]
check.check_as_fedsgd(as_fedsgd)

# %% [markdown] tags=["exercise"]
# **4. A budget.** Old phones, each with a line of **40 kB/s** both ways; a local step takes **1 s**; in every round you wait **20 s**
# more. You may send **40 MB**, both ways together, and **8 minutes** after the start it must be over. Reach **86 %** of the test
# images in some round. 20 parties with 100 images each and the 2NN, as above; choose `rounds`, `participation`, `local_epochs`,
# `batch_size` and `learning_rate`. Of 384 choices that we tried 82 get there, and none of them at an end: not with E = 1, not
# with one party a round, not with all. One seed may be luck: the check runs your choice with two, in a few seconds. The
# calculator above takes these prices too.


# %% nbgrader={"grade": false, "grade_id": "choice", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["exercise"]
def choose():
    ### BEGIN SOLUTION
    return Experiment(
        parties=20, examples=2_000, rounds=5, participation=0.2, local_epochs=3, batch_size=10, learning_rate=0.2
    )
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "choice-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false} tags=["exercise"]
check.check_choice(choose)

# %% [markdown] tags=["exercise"]
# **To think about.** You have a run with $E = 5$ that took half as many rounds as one with $E = 1$. A party needs 2 minutes for an
# image pass, 10 seconds to load the model and 10 seconds to send it. Which of the two used less battery? Which was over sooner? How
# slow must the line be for the other to be first? Work it out on paper. Then set the calculator to these prices (100 images in 2
# minutes are 1.2 seconds an image; 0.8 MB in 10 seconds are 80 kB/s), and see what it says of your own runs.

# %% [markdown]
# ## What this does not show
#
# - **One learning rate for nearly all.** The paper tunes $\eta$ for each cell of its tables. We did so for FedSGD alone.
# - **Seconds are reckoned, not measured.** A real line is slower at some hours, and a phone gets hot.
# - **Nobody compressed.** Fewer bits a weight, or only the largest changes, save bytes too, and go well with all of this.
# - **Equal devices.** Every party here did its E epochs. Slow ones do not: lesson 04.
# - **Small numbers.** 2,000 images and 20 parties keep a page quick. With the paper's 60,000 and 100 the bend lies elsewhere.
# - **Three seeds** show how far luck can go. They do not prove anything about a difference that is smaller than that.
#
# ## Words
#
# - **K**: number of parties. **C**: share of them in a round. **E**: local epochs. **B**: batch size.
# - **Local step**: one batch, one small move of the weights; a party takes $u_k$ of them in a round. **Image pass**: once through all
#   its images; it makes $E$ of them in a round, whatever B is.
# - **FedSGD**: one local step on all of a party's images, then average. **FedAvg**: many steps, then average.
# - **Rounds to 85 %**: the first round after which 85 % of the test images are right.
# - **Seed**: the number that all random choices come from. **Pair**: two runs with one seed, which differ in what you ask about.
# - **Simulated seconds**: what the lab's clock says a round would take, at fixed prices of sending and computing.
#
# ## Where next
#
# - The six steps, one at a time: [01 Six steps](01_six_steps.ipynb).
# - Why everything takes longer under skew: [03 Data that differs](03_non_iid.ipynb).
# - How many seeds are enough, and an interval for a difference: [04 FedProx](04_fedprox.ipynb).
# - The source: H. B. McMahan, E. Moore, D. Ramage, S. Hampson and B. Agüera y Arcas, *Communication-Efficient Learning of Deep
#   Networks from Decentralized Data*, 2017, [arXiv 1602.05629](https://arxiv.org/abs/1602.05629). Section 2 is FedSGD
#   and FedAvg, section 3 has the tables.
# - More on the bend: J. Wang and G. Joshi, *Adaptive Communication Strategies to Achieve the Best Error-Runtime Trade-off in
#   Local-Update SGD*, 2019, [arXiv 1810.08313](https://arxiv.org/abs/1810.08313).
