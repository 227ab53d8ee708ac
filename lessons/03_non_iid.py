# %% [markdown]
# # 03 Data that differs
#
# Real parties do not hold the same kind of data. What that does to FedAvg, why, and to whom. About 50 minutes: 31 to
# read and try, 19 for the exercises.
#
# After this lesson you will be able to
#
# 1. tell the kinds of difference apart, and say which are hard and which are hard *because* the learning is federated,
# 2. explain why accuracy can fall in a round, and what drift is,
# 3. find out who is served badly by a shared model that looks good on average.

# %% [markdown] tags=["notebook"]
# Run the grey boxes from the top, one after the other, with Shift+Enter. The lab waits for your answers. (With *Run >
# Run All Cells* some outcomes stand below their questions before you have answered.)

# %% [markdown]
# ## Ways to differ
#
# **IID** means *independent and identically distributed*: every party's images are drawn from the same box. It is the
# easy case, and in real life nobody has it. A children's hospital sees other patients than a nursing home. Your phone
# knows your words. There are four kinds of difference:
#
# | kind | what differs | in the kit |
# | --- | --- | --- |
# | **label skew** | who holds which digits | `dirichlet`, `label_limit`, `shards` |
# | **quantity skew** | how many images each holds | `quantity` |
# | **feature skew** | how the images look | `feature_noise`, `rotation` |
# | **label noise** | whether the labels are right | `label_noise` |
#
# Here are six ways to deal out the same 2,000 images to ten parties. Each column is a party, each row a digit. Above
# each stands its skew as one number.

# %%
from fedlab import Experiment, federation, partitions
from fedlab.datasets import mnist
from fedlab.lessons import pictures_03 as pictures
from fedlab_widgets import show

base = Experiment(parties=10, examples=2_000, local_epochs=2, batch_size=10, rounds=10)
skewed = base.with_(partition="dirichlet", alpha=0.1)
deals = {
    "IID": base,
    "quantity: sizes differ": base.with_(partition="quantity", size_beta=0.5),
    "Dirichlet, α = 1": base.with_(partition="dirichlet", alpha=1.0),
    "Dirichlet, α = 0.1": skewed,
    "two shards a party": base.with_(partition="shards"),
    "one digit a party": base.with_(partition="label_limit", labels_per_party=1),
}
data = mnist()


def counts_of(experiment):
    """(parties, digits): how many images of each digit each party holds."""
    return partitions.label_counts(federation.hold(experiment, data), data.train_y, data.classes)


counts = {name: counts_of(experiment) for name, experiment in deals.items()}
show(
    pictures.heat_maps(counts),
    alt="Six heat maps of ten parties and ten digits: IID even, quantity even within each column, Dirichlet with alpha 1 "
    "uneven, with alpha 0.1 nearly one digit a party, shards about two, and one digit a party a single cell each.",
)

# %% [markdown]
# Read them. In which does some party hold almost nothing? In which has a digit only one holder? If that party stays
# away, nobody can teach that digit.
#
# ### The number
#
# How far is each party's mix of digits from everybody's mix, on average? Party $k$ holds the digits in the shares
# $q_k$, all together in the shares $p$:
#
# $$\text{skew} = \frac{1}{K} \sum_k \sqrt{\tfrac12 \mathrm{KL}(q_k \,\|\, m_k) + \tfrac12 \mathrm{KL}(p \,\|\, m_k)},
# \qquad m_k = \tfrac12 (q_k + p)$$
#
# This is the mean **Jensen-Shannon distance**. $\mathrm{KL}(q \,\|\, m) = \sum_i q_i \log_2 (q_i/m_i)$ says how much
# $q$ surprises someone who expects $m$. The distance is 0 for two equal mixes and 1 for two that share no digit. The
# code:

# %%
from fedlab_widgets import show_source

show_source(partitions.label_skew)

# %% jupyter={"source_hidden": true}
from fedlab.lessons import claim

numbers = {name: partitions.label_skew(table) for name, table in counts.items()}
claim("IID is not quite 0: 200 images are a small sample", numbers["IID"], above=0, below=0.15)
claim(
    "Unequal sizes count a little: a small party's mix is a matter of luck",
    numbers["quantity: sizes differ"],
    below=0.4,
)
claim("Dirichlet with α = 1", numbers["Dirichlet, α = 1"], above=0.5, below=0.8)
claim("With α = 0.1 it is more", numbers["Dirichlet, α = 0.1"], above=numbers["Dirichlet, α = 1"])
claim("One digit a party is the most of the six, and not 1", numbers["one digit a party"], above=0.85, below=0.9)

# %% [markdown]
# Why 0.87 and not 1? A party is compared with *everybody*, and it is part of everybody: its one digit is a tenth of
# $p$. So the two mixes always share something.
#
# The number sees labels, and nothing else. Noise and rotation leave it as it is. Here are the same two images as
# three of the ten parties see them: party 0 sees clearly, the last one worst.

# %% jupyter={"source_hidden": true}
rotated = base.with_(rotation=90.0)
own_looks = {"feature noise, σ = 1": base.with_(feature_noise=1.0), "rotation, up to 90°": rotated}
show(
    pictures.as_three_parties_see_it(data, own_looks),
    alt="Two images as parties 0, 5 and 9 see them: with noise ever harder to read, and turned up to 90 degrees.",
)

# %% [markdown]
# ## Before you start
#
# Take the fourth heat map, Dirichlet with $\alpha = 0.1$. With a fair mix of the same 2,000 images, the shared model
# gets about 90 % of the test images right after 10 rounds.

# %% jupyter={"source_hidden": true}
from fedlab_widgets import Lab, Task, predict

guess = predict(
    "And with α = 0.1, after 10 rounds?",
    unit="%",
    rounds=10,
    about=skewed,
    why={
        "more": "Each party works for its own digits, and the average keeps little of what each has learnt.",
        "less": "Every round brings all ten digits together again: parties learn digits that they do not hold.",
    },
    then=predict(
        "Now turn the images, up to 90° at the last party. The heat map is that of IID. After 10 rounds?",
        unit="%",
        rounds=10,
        about=rotated,
        why={
            "more": "The map sees labels only. The model must now read digits at ten angles, with the same images.",
            "less": "Half of the parties see their images turned by less than 45°, and those help.",
        },
    ),
)
guess

# %% [markdown]
# ## The lab
#
# Do the tasks in their order. The heat map answers as soon as you move a control; a button moves them for you.


# %% jupyter={"source_hidden": true}
def from_skewed_to_fair(histories):
    """Whether some run is α = 0.1 for at least 3 rounds and goes on with a fair mix."""
    return any(h.forked_at >= 3 and len(h) >= 10 and h.experiment.with_(rounds=10) == base for h in histories)


tasks = [
    Task("**Strong label skew.** Run Dirichlet with α = 0.1.", skewed),
    Task("**The same images in fair hands.** Run IID.", base),
    Task("**A yardstick.** All the images of α = 0.1 on one computer.", skewed.with_(algorithm="central")),
    Task("**A map that looks harmless.** Turn the images, party by party.", rotated),
    Task(
        "**Who pays?** In the tab **Behind the accuracy** choose the run with α = 0.1, round 10, and **Look**. Which party "
        "is served worst? What does it hold in the map?"
    ),
    Task(
        "**Heal it.** In the tab **Runs** choose the run with α = 0.1, round 5. Set partition to IID, then press "
        "**Continue from it**.",
        done=from_skewed_to_fair,
    ),
]
controls = ["partition", "alpha", "labels_per_party", "shards_per_party", "size_beta", "rotation"]
lab = Lab(skewed, controls=controls, prediction=guess, tasks=tasks)
lab

# %% [markdown]
# ## What happened

# %% jupyter={"source_hidden": true}
from fedlab.lessons import Claim
from fedlab_widgets import claims


def last(history):
    return 100 * history.rounds[9].test_accuracy


claims(
    lab,
    [base, skewed, skewed.with_(algorithm="central"), rotated],
    [
        Claim(
            "With a fair mix it ends at 90 %, give or take 3", lambda f, s, c, r: last(f), above=87, below=93, unit="%"
        ),
        Claim(
            "With α = 0.1 it is at least 8 points behind", lambda f, s, c, r: last(f) - last(s), above=8, unit="points"
        ),
        Claim(
            "One computer with all of that data is not: it has over 90 %",
            lambda f, s, c, r: last(c),
            above=90,
            unit="%",
        ),
        Claim("Turned images cost 10 points and more", lambda f, s, c, r: last(f) - last(r), above=10, unit="points"),
    ],
)

# %% [markdown]
# ### Hard, or hard because it is federated?
#
# A yardstick tells these two apart: the same images, as each party sees them, on **one computer**. If that is bad
# too, the *task* is hard. What is left is the price of being federated.

# %% jupyter={"source_hidden": true}
price = predict(
    "Eight kinds of difference, ten rounds. Which one costs most because the learning is federated?",
    ["rotation, up to 90°", "all labels wrong at 3 of 10", "one digit a party", "noise, σ = 1"],
    why="Compare the two markers of each row: the grey bar between them is the price of being federated.",
)
price

# %% jupyter={"source_hidden": true}
found = pictures.measured()["kinds"]
show(
    pictures.kinds(found),
    alt="For eight kinds of difference the accuracy after 10 rounds, federated and with all data in one place. The two are "
    "close for IID, unequal sizes and noise, 11 points apart for rotation, 20 and more for strong label skew; with wrong "
    "labels the federated model is ahead.",
)
lost = {name: pictures.mean_end(found[name], "central") - pictures.mean_end(found[name], "federated") for name in found}
price.compare(max(lost, key=lost.get))

# %% [markdown]
# Three seeds, the last of ten rounds (`python -m benchmarks.lesson_03`). IID itself costs 2 points. Then three kinds
# come apart:
#
# - **Hard, but hardly because it is federated.** Noise costs one computer 3 points, and being federated 3 more.
# - **Hard for both reasons.** Rotation costs one computer 11 points: one model has to read digits at ten angles, and is
#   tested on upright ones. Being federated costs 11 more.
# - **Hard because it is federated.** Label skew costs one computer nothing: it has all ten digits. Federated, 6 points
#   are lost with $\alpha = 1$, 20 with $\alpha = 0.1$, and 22 with one digit a party.
#
# By the federated accuracy alone nobody could tell: rotation, $\alpha = 0.1$ and one digit a party all end at 69 to
# 74 %, and their seeds overlap. And no number for label skew warns of rotation.
#
# **Wrong labels** are the surprise: the *federated* model is 18 points better. One computer learns the wrong labels
# by heart: its training loss goes down to 0.2 while its accuracy falls. It takes ten times as many steps one after
# the other; but with as many as a party takes (a batch of 100) it still ends at 84 %, and the federated model at 90.
# The average keeps what the parties agree on.
#
# **Unequal sizes** cost a point. But try seed 0 in the lab: 86 % in round 1, then 75 %, then 90 %. The largest party
# holds 761 of the 2,000 images: it has 38 % of the vote, and takes 154 steps where the smallest takes two. From round
# 2 it brings home a model that has 43 % right, after unlucky last steps, and FedAvg leans on it. (With seeds 1 and 2
# round 2 is better than round 1.) Who has more images counts more *and* steps more: FedNova, in lesson 05, takes
# these two apart.
#
# **Healed?** One fair round lifts the skewed model from 62 to 85 %. A fresh start has about 80 % after its first
# round. So five rounds of skew had done little good, but no lasting harm: after round 10 it is within 2 points of
# IID.
#
# Why does label skew hurt?
#
# ## Do the parties disagree?
#
# In round 1 every party starts from the same model $w_0$ and walks to its own $w_k$. Its **update** is $w_k - w_0$.
# The server averages the updates:
#
# $$w_1 - w_0 = \sum_k \frac{n_k}{n} (w_k - w_0)$$
#
# The **cosine** between two updates says how far they agree: 1 the same way, 0 at right angles, −1 against each
# other. Updates that do not agree cancel in the average. We keep each party's model as it uploads (`on_upload`; the
# kit keeps none of them).

# %%
import numpy as np

from fedlab import diagnostics, run


def with_uploads(experiment):
    """Run an experiment; the shared models (rounds + 1, P), and for each round the parties' models (K, P)."""
    sent = {}
    rounds = run(experiment, on_upload=lambda number, upload: sent.setdefault(number, []).append(upload.weights))
    first = federation.first_state(federation.prepare(experiment))
    shared = [first.weights, *(one.state.weights for one in rounds)]
    return shared, [np.stack(sent[number]) for number in sorted(sent)]


def mean_cosine(experiment):
    """Of the updates of its first round."""
    shared, sent = with_uploads(experiment.with_(rounds=1))
    table = diagnostics.cosines(sent[0] - shared[0])
    return table[~np.eye(len(table), dtype=bool)].mean()  # without each update's cosine to itself


agree = {E: mean_cosine(base.with_(local_epochs=E)) for E in (1, 5)}
differ = {E: mean_cosine(skewed.with_(local_epochs=E)) for E in (1, 5)}
one_step = [mean_cosine(one.with_(local_epochs=1, batch_size="all")) for one in (base, skewed)]
claim("Fair mix, E = 1: the updates point the same way", agree[1], above=0.5)
claim("α = 0.1, E = 1: they are nearly at right angles", differ[1], above=-0.2, below=0.2)
claim("α = 0.1, E = 5: no more than that", differ[5], above=-0.2, below=0.2)
claim("Fair mix, a single step on all images", one_step[0], above=0.5)
claim("α = 0.1, a single step on all images", one_step[1], above=-0.2, below=0.2)

# %% [markdown]
# Under skew the parties **disagree**. But look at the last line: they disagree just as much after a *single* step,
# and then the average is exact gradient descent on everybody's images (lesson 02: FedSGD). And working longer does
# not make them disagree more. So disagreement alone is not what hurts.
#
# In the next picture all models of four rounds lie in the plane in which they differ most, their first two
# **principal components**: in black the shared model's path, and from each of its points a line to where each party
# went in the next round.

# %% jupyter={"source_hidden": true}
walks = {"IID": with_uploads(base.with_(rounds=4)), "Dirichlet, α = 0.1": with_uploads(skewed.with_(rounds=4))}
show(
    pictures.shared_paths(walks),
    alt="Left, IID: in each round the parties go the same way, and the shared model takes a long path. Right, Dirichlet 0.1: "
    "the parties go off in all directions like spokes, and the shared model takes short steps.",
)

# %% [markdown]
# Left a group on a hike; right one that was told to meet in the middle. (Distances are shadows: the plane shows a
# part of the spread.)
#
# ## Why it hurts: drift
#
# What if the parties average after **every step**? With $b_k$ party $k$'s batch, that is
#
# $$w \leftarrow w - \eta \sum_k \frac{n_k}{n} \nabla l(w; b_k)$$
#
# Everybody looks at the same images as before, with the same number of gradients. Only, each gradient is taken where
# all stand together, and not where one party has got to alone. (It is also what one computer does with a batch of $10
# \cdot 10$ images, so we let the kit's *all data in one place* compute it.)

# %% jupyter={"source_hidden": true}
often = predict(
    "Twenty passes over everybody's images, averaged after every step. A fair mix reaches 90 %. And α = 0.1?",
    unit="%",
    why="The step is the mean of all gradients at one point, and that does not depend on who holds which image.",
)
often

# %%
from fedlab.lessons import train

meetings = {
    "every step": base.with_(algorithm="central", batch_size=100, local_epochs=20, rounds=1),
    "E = 1": base.with_(local_epochs=1, rounds=20),
    "E = 5": base.with_(local_epochs=5, rounds=4),
    "E = 20": base.with_(local_epochs=20, rounds=1),
}
apart = {name: one.with_(partition="dirichlet", alpha=0.1) for name, one in meetings.items()}
fair, unfair = train(meetings, what="Fair mix"), train(apart, what="α = 0.1")


# %% jupyter={"source_hidden": true}
from fedlab_widgets import show_table


def final(history):
    return 100 * history.rounds[-1].test_accuracy


show_table(
    [
        {"averaged after": name, "averages": count, "fair mix, %": final(fair[name]), "α = 0.1, %": final(unfair[name])}
        for name, count in zip(meetings, (400, 20, 4, 1), strict=True)
    ],
    "Test accuracy after 20 passes over the same 2,000 images",
)
claim(
    "Averaged after every step, skew costs nothing: within 3 points",
    final(fair["every step"]) - final(unfair["every step"]),
    above=-3,
    below=3,
    unit="points",
)
claim("With E = 1 it costs more than 5", final(fair["E = 1"]) - final(unfair["E = 1"]), above=5, unit="points")
claim("With E = 20 it costs more than 30", final(fair["E = 20"]) - final(unfair["E = 20"]), above=30, unit="points")

# %% jupyter={"source_hidden": true} tags=["nbval-ignore-output"]
often.compare(final(unfair["every step"]))

# %% [markdown]
# The data is as skewed in each row, and the parties disagree in each row. What grows from row to row is the number of
# steps that they take alone. This is **client drift**:
#
# > **Drift**: the mean of where the parties end after many local steps is not where as many averaged single steps
# > lead. It is biased, and that grows with the number of local steps.
#
# It is a *bias*, and not bad luck. With three seeds $\alpha = 0.1$ ends at 90 to 92 % when averaged after every step,
# at 79 to 80 % with $E = 1$, 58 to 62 % with $E = 5$ and 28 to 41 % with $E = 20$. A fair mix drifts as well, but
# only a little: 86 to 87 % with $E = 20$.
#
# ### Why can accuracy fall in a round?
#
# Drift can even undo what was there. Here are two parties with other digits, and a model that one can draw exactly:
# softmax regression, whose loss is a single valley. Both start from $w_t$, the shared model after five rounds. Both
# take their local steps; then they average. At $w_t$ the test accuracy is 82 %.

# %% jupyter={"source_hidden": true}
falls = predict(
    "With E = 1 the round makes the shared model a little better. With E = 20?",
    ["much better: they learn twenty times as much", "a little better, too", "worse than before the round"],
    why="Each party forgets the digits that it does not hold, and halfway between two such models is not good at both.",
)
falls

# %%
from fedlab_widgets import Paths

paths = Paths()
paths

# %% [markdown]
# Set **E** to 20, then press **play**, or move *local step* by hand. Lines join places of equal loss. Watch three
# things:
#
# - Each party walks to its own side of the valley, where its own digits are right and the other's are forgotten.
# - The average (**X**) lies halfway between the ends. With small $E$ it is further down the valley than $w_t$. With
#   large $E$ it stands on the slope, beside the bottom.
# - The green path averages after every step. It goes along the bottom. **Drift is the gap between X and the end of
#   the green path.**
#
# (Mind the axes: with $E = 20$ the map is four times as wide.)

# %% jupyter={"source_hidden": true}
two = paths.two


def change(epochs):
    """How many points the round changes the test accuracy."""
    return 100 * (two.judge(two.average(epochs * two.a_pass))[0] - two.judge(two.start)[0])


falls.compare("worse than before the round" if change(20) < -1 else "a little better, too")
claim("E = 1: it rises", change(1), above=0, unit="points")
claim("E = 5: it falls", change(5), below=-1, unit="points")
claim("E = 20: it falls more", change(20), below=-3, unit="points")

# %% [markdown]
# So accuracy falls in a round when the parties' ends lie on slopes of the valley and their average misses the bottom.
# With six
# seeds, the round with $E = 1$ adds 0.5 to 2 points and the one with $E = 20$ takes 1 to 13.
#
# Remedies shorten the way alone: less local work (lesson 02), a rubber band (FedProx, lesson 04), or a
# correction of each step's direction (SCAFFOLD, lesson 05). A second cause you have met: one party with much weight
# and an unlucky last step.
#
# ## Who is served badly?
#
# One number for the shared model hides who pays. Ask each party: how many of *your own* images does it get right?

# %%
last_rounds = train({"IID": base, "Dirichlet, α = 0.1": skewed}, what="Two shared models")
models = {name: history.rounds[-1].state.weights for name, history in last_rounds.items()}
served = {
    name: diagnostics.party_accuracies(history.experiment, [models[name]], data)
    for name, history in last_rounds.items()
}
show(
    pictures.shares_right(
        served, last_rounds["Dirichlet, α = 0.1"].rounds[-1].test_accuracy, counts["Dirichlet, α = 0.1"]
    ),
    alt="Above: with a fair mix all parties have nearly all of their own images right; with alpha 0.1 three have half or "
    "less. Below: the heat map of what each of them holds.",
)

# %% jupyter={"source_hidden": true}
spread = {name: diagnostics.fairness(accuracies) for name, accuracies in served.items()}
fair, unfair = spread["IID"], spread["Dirichlet, α = 0.1"]
claim("Fair mix: from best party to worst", 100 * (fair.best - fair.worst_tenth), below=15, unit="points")
claim("α = 0.1: the best party's own images right", 100 * unfair.best, above=85, unit="%")
claim("α = 0.1: the worst party's own images right", 100 * unfair.worst_tenth, below=50, unit="%")

# %% [markdown]
# The same model, for one party nearly perfect and for another nearly useless. Would that party join again? **Report
# the worst tenth beside the mean.**
#
# ### Which digits, and why these?
#
# A **confusion matrix** has a row for each true digit, and says what its images were taken for: you have seen one in
# *Behind the accuracy*. Its diagonal is what is right. **Recall** is the share of a digit's images that are
# recognised: the diagonal, divided by the sum of its row.

# %% jupyter={"source_hidden": true}
confusion = diagnostics.confusion_on_test(skewed, [models["Dirichlet, α = 0.1"]], data)
recall_of = diagnostics.recall(confusion)
holdings = counts["Dirichlet, α = 0.1"]
share_held = holdings.max(axis=1) / holdings.sum(axis=0)[holdings.argmax(axis=1)]
show_table(
    [
        {
            "party": party,
            "its digit": int(digit),
            "of all those images, %": 100 * share_held[party],
            "recall, %": 100 * recall_of[digit],
            "most often taken for": int((confusion[digit] * (np.arange(10) != digit)).argmax()),
        }
        for party, digit in enumerate(holdings.argmax(axis=1))
    ],
    "Each party, the digit it holds most of, and what the shared model makes of that digit",
)
claim(
    "The worst-served party's share of its digit's images",
    100 * share_held[served["Dirichlet, α = 0.1"].argmin()],
    above=99,
    unit="%",
)
claim(
    "A 5 is taken for a 3 or an 8, more often than for a 5",
    confusion[5, [3, 8]].sum() / confusion[5, 5],
    above=1,
    unit="times",
)
claim("The recall of the 1", 100 * recall_of[1], above=90, unit="%")

# %% [markdown]
# Three parties are served badly with this seed: 5, 7 and 8. Each is the *only* one that holds its digit: 5, 2 and 7.
# All nine others, who never see it, pull the model away from it: it is **outvoted**. What it is then taken for looks
# like it and is somebody's digit: the 5 becomes an 8 or a 3, the 7 a 9. Parties 0 and 6 hold about nine tenths of the
# 1s and the 9s, and those are safe.
#
# That is the story of one seed. With six seeds (0 to 5) the worst-served party holds 99 % or all of a digit each
# time, and the party with most of the 1s has 96 % or more right: a 1 looks like nothing else. But being alone is not
# always a loss: with seed 1 the only holder of the 0s has 88 % right.
#
# **What does one do for such a party?** Give it a model of its own, without leaving the others: **personalisation**.
# One way is to train the shared model on for a few steps on the party's own images, and use that at home. Others keep
# the last layer private, mix a shared and an own model, or share only among parties that are alike. All pay for being
# good at home with being worse at what the party has not seen. The kit has none of these yet, only the two ends: the
# shared model, and *alone* among the algorithms, where each party keeps to itself.
#
# ## The code behind it
#
# A partition is a class with one function: it gets the labels and the number of parties, and returns which examples
# each party holds. This is the one that gives *k labels a party*:

# %%
show_source(partitions.LabelLimit)

# %% [markdown]
# And these are two measures of this lesson. (Two others are exercises.)

# %%
show_source(diagnostics.cosines, diagnostics.party_accuracies)

# %% [markdown] tags=["exercise"]
# ## Exercises
#
# Write your code in place of `raise NotImplementedError()`, run the cell, then run the check below it. First run this
# cell:

# %% tags=["exercise"]
import numpy as np

from fedlab.lessons import checks_03 as check

# %% [markdown] tags=["exercise"]
# **1. Another number for skew.** Write a simpler one: half the sum of the differences between a party's shares and
# everybody's, and then the mean over the parties,
#
# $$\frac{1}{K} \sum_k \frac12 \sum_i \lvert q_{k,i} - p_i \rvert$$
#
# `counts` has a row for each party and a column for each digit. $q_k$ are the shares of the digits in row $k$, $p$
# those of all examples together.


# %% tags=["exercise"] nbgrader={"grade": false, "grade_id": "skew", "locked": false, "schema_version": 3, "solution": true, "task": false}
def my_skew(counts):
    ### BEGIN SOLUTION
    q = counts / counts.sum(axis=1, keepdims=True)
    p = counts.sum(axis=0) / counts.sum()
    return np.abs(q - p).sum(axis=1).mean() / 2
    ### END SOLUTION


# %% tags=["exercise"] nbgrader={"grade": true, "grade_id": "skew-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check.check_skew(my_skew)

# %% [markdown] tags=["exercise"]
# **2. Write a partition.** A hard case: every party knows a **single digit**. `labels` holds the label of each
# example, ten different ones; `parties` is 10 or more. Return a list with one array for each party: the *positions*
# of its examples in `labels`. Every example must be held exactly once, and nobody may be empty. How many parties does
# each digit get, when there are 23? That is up to you.


# %% tags=["exercise"] nbgrader={"grade": false, "grade_id": "partition", "locked": false, "schema_version": 3, "solution": true, "task": false}
def one_digit(labels, parties):
    ### BEGIN SOLUTION
    held = []
    for digit in range(10):
        holders = len(range(digit, parties, 10))
        held += np.array_split(np.flatnonzero(labels == digit), holders)
    return held
    ### END SOLUTION


# %% tags=["exercise"] nbgrader={"grade": true, "grade_id": "partition-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check.check_one_digit(one_digit)

# %% [markdown] tags=["exercise"]
# When it passes, take it to the lab. Put this into a new cell (the **+** at the top) and run it:
#
# ```python
# class OneDigit(partitions.Partition):
#     name = "one_digit"
#     title = "My one digit a party"
#     lesson = "No party can learn alone to tell two digits apart. Together they can."
#
#     def assign(self, labels, parties, rng):
#         return one_digit(labels, parties)
#
# Lab(base.with_(partition=OneDigit()), controls=["partition", "parties"])
# ```
#
# **3. The worst tenth.** `accuracies` holds every party's own accuracy. Return the mean accuracy of the tenth of the
# parties that is served worst. A tenth of 25 parties is 2, and it is always at least one.


# %% tags=["exercise"] nbgrader={"grade": false, "grade_id": "worst-tenth", "locked": false, "schema_version": 3, "solution": true, "task": false}
def worst_tenth(accuracies):
    ### BEGIN SOLUTION
    return np.mean(np.sort(accuracies)[: max(1, len(accuracies) // 10)])
    ### END SOLUTION


# %% tags=["exercise"] nbgrader={"grade": true, "grade_id": "worst-tenth-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check.check_worst_tenth(worst_tenth)

# %% [markdown] tags=["exercise"]
# **4. Recall.** `confusion` has a row for each true digit and a column for what it was taken for. Return the recall
# of each digit.


# %% tags=["exercise"] nbgrader={"grade": false, "grade_id": "recall", "locked": false, "schema_version": 3, "solution": true, "task": false}
def recall(confusion):
    ### BEGIN SOLUTION
    return np.diag(confusion) / confusion.sum(axis=1)
    ### END SOLUTION


# %% tags=["exercise"] nbgrader={"grade": true, "grade_id": "recall-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check.check_recall(recall)

# %% [markdown] tags=["exercise"]
# **To think about.** A hospital with rare cases is served badly. Would you give it more weight in the average? Who
# would then be served worse, and who should decide?

# %% [markdown]
# ## What this does not show
#
# - **No remedy yet.** FedProx (lesson 04) and SCAFFOLD (lesson 05) were made against drift. Do not expect miracles on
#   MNIST.
# - **Made-up skew.** We dealt images out by rule. Real parties differ in all four ways at once, and over time.
# - **Own images were trained on.** A party's own accuracy is flattered; compare parties with each other only.
# - **The heat map is a secret.** The kit can draw it because it plays all roles. A real server does not know who
#   holds what, and must not.
# - **Few rounds.** More of them make most of these gaps smaller: run 50 in the lab, and see how slowly.
# - **The yardstick steps more.** One computer takes ten times as many steps one after the other as FedAvg's parties
#   side by side.
#
# ## Words
#
# - **IID**: everybody's data is drawn from the same box. **Non-IID**: it is not.
# - **Label skew**, **quantity skew**, **feature skew**, **label noise**: other digits, other amounts, other looks,
#   wrong labels.
# - **Dirichlet, α**: a way to draw a mix of digits for each party. The smaller α is, the fewer digits each one knows.
# - **Jensen-Shannon distance**: how different two mixes are, from 0 to 1.
# - **Update**: a party's model minus the shared model it began with. **Disagreement**: how far the updates of one
#   round point in different directions. Their cosines measure it.
# - **Drift**: the mean of where the parties end after many local steps is not where as many averaged single steps
#   lead. It is biased, and that grows with the number of local steps.
# - **Principal components**: the directions in which points differ most.
# - **Personalisation**: models of their own for parties, made from the shared one.
# - **Recall**: the share of a digit's images that are recognised. **Worst tenth**: those who are served worst.
#
# ## Where next
#
# - What more local work costs and buys: [02 FedAvg](02_fedavg.ipynb).
# - A rubber band against drift: [04 FedProx](04_fedprox.ipynb).
# - Dirichlet skew: T.-M. H. Hsu, H. Qi and M. Brown, *Measuring the Effects of Non-Identical Data Distribution for
#   Federated Visual Classification*, 2019, [arXiv 1909.06335](https://arxiv.org/abs/1909.06335).
# - All kinds side by side: Q. Li, Y. Diao, Q. Chen and B. He, *Federated Learning on Non-IID Data Silos: An
#   Experimental Study*, 2022, [arXiv 2102.02079](https://arxiv.org/abs/2102.02079).
# - Shards: H. B. McMahan and others, 2017, [arXiv 1602.05629](https://arxiv.org/abs/1602.05629), section 3.
# - Personalisation: A. Z. Tan, H. Yu, L. Cui and Q. Yang, *Towards Personalized Federated Learning*, 2022,
#   [arXiv 2103.00710](https://arxiv.org/abs/2103.00710).
# - Drift: S. P. Karimireddy and others, *SCAFFOLD: Stochastic Controlled Averaging for Federated Learning*, 2020,
#   [arXiv 1910.06378](https://arxiv.org/abs/1910.06378).
# - Fairness: T. Li, M. Sanjabi, A. Beirami and V. Smith, *Fair Resource Allocation in Federated Learning*, 2020,
#   [arXiv 1905.10497](https://arxiv.org/abs/1905.10497).
# - The distance: J. Lin, *Divergence Measures Based on the Shannon Entropy*, IEEE Transactions on Information Theory
#   37, 1991.
