# %% [markdown]
# # 03 Data that differs
#
# Real parties do not hold the same kind of data. What that does to FedAvg, why, and to whom. About 40 minutes.
#
# After this lesson you will be able to
#
# 1. tell the kinds of difference apart, read a heat map of who holds what, and put a number on its skew,
# 2. explain why parties drift apart in a round, and see it in a picture of two dimensions,
# 3. find out who is served badly by a shared model that looks good on average.
#
# Run the grey boxes from the top, with Shift+Enter or *Run > Run All Cells*. The questions wait for your answer.

# %%
import matplotlib.pyplot as plt
import numpy as np

from fedlab import Experiment, History, diagnostics, federation, partitions, plots, run, skew
from fedlab.datasets import mnist
from fedlab.lessons import checks_03 as check
from fedlab.lessons import claims, size
from fedlab_widgets import Lab, predict, show, show_source

# %% [markdown]
# ## Ways to differ
#
# **IID** means *independent and identically distributed*: every party's images are drawn from the same box. It is the easy
# case, and in real life nobody has it. A children's hospital sees other patients than a nursing home. Your phone knows your
# words. There are four kinds of difference, and they are not equally bad:
#
# | kind | what differs | in the kit |
# | --- | --- | --- |
# | **label skew** | who holds which digits | `dirichlet`, `label_limit`, `shards` |
# | **quantity skew** | how many images each holds | `quantity` |
# | **feature skew** | how the images look | `feature_noise`, `rotation` |
# | **label noise** | whether the labels are right | `label_noise` |
#
# Here are six ways to deal out the same 2,000 images to ten parties. Each column is a party, each row a digit. Above each
# stands its skew as one number, which you will meet in a minute.

# %%
base = Experiment(parties=10, examples=2_000, local_epochs=2, batch_size=10, rounds=10)
data = mnist()
deals = {
    "IID": base,
    "quantity: sizes differ": base.with_(partition="quantity", size_beta=0.5),
    "Dirichlet, α = 1": base.with_(partition="dirichlet", alpha=1.0),
    "Dirichlet, α = 0.1": base.with_(partition="dirichlet", alpha=0.1),
    "two shards a party": base.with_(partition="shards"),
    "one digit a party": base.with_(partition="label_limit", labels_per_party=1),
}


def counts_of(experiment):
    """(parties, digits): how many images of each digit each party holds."""
    return partitions.label_counts(federation.hold(experiment, data), data.train_y, data.classes)


figure, axes = plt.subplots(3, 2, figsize=(8.4, 9.6), layout="constrained")
for ax, (name, experiment) in zip(axes.flat, deals.items(), strict=True):
    counts = counts_of(experiment)
    plots.holdings(ax, counts)
    ax.set_title(f"{name}: skew {partitions.label_skew(counts):.2f}", fontsize="medium")
plt.close(figure)
show(
    figure,
    alt="Six heat maps of ten parties and ten digits: IID even, quantity even within each column, Dirichlet with alpha 1 "
    "uneven, with alpha 0.1 two or three digits a party, shards about two, and one digit a party a single cell each.",
)

# %% [markdown]
# Read them. In which does some party hold almost nothing? In which has a digit only one holder? If that party stays away,
# nobody can teach that digit.
#
# ### The number
#
# A heat map of 100 parties is hard to compare with another. So the kit gives a number: how far is each party's mix of digits
# from everybody's mix, on average? Party $k$ holds the digits in the shares $q_k$, all together in the shares $p$:
#
# $$\text{skew} = \frac{1}{K} \sum_k \sqrt{\tfrac12 \mathrm{KL}(q_k \,\|\, m_k) + \tfrac12 \mathrm{KL}(p \,\|\, m_k)},
# \qquad m_k = \tfrac12 (q_k + p)$$
#
# This is the mean **Jensen-Shannon distance**. $\mathrm{KL}(q \,\|\, m) = \sum_i q_i \log_2 (q_i/m_i)$ says how much $q$
# surprises someone who expects $m$. The distance is 0 for two equal mixes and 1 for two that share no digit. Beside the
# formula, the lines that are it:

# %%
show_source(partitions.label_skew)

# %%
numbers = {name: partitions.label_skew(counts_of(experiment)) for name, experiment in deals.items()}
print("IID is not quite 0, because 200 images are a small sample:", 0 < numbers["IID"] < 0.15)
print(
    "Unequal sizes count too: a small party's mix is a matter of luck:",
    numbers["quantity: sizes differ"] > numbers["IID"],
)
print(
    "But by less than half of Dirichlet with α = 1:",
    numbers["quantity: sizes differ"] < numbers["Dirichlet, α = 1"] / 2,
)
print("From α = 1 to 0.1 it grows:", numbers["Dirichlet, α = 1"] < numbers["Dirichlet, α = 0.1"])
print("One digit a party is the most skewed of the six:", max(numbers, key=numbers.get) == "one digit a party")

# %% [markdown]
# The number sees labels, and nothing else. Noise and rotation leave it as it is. Look at the same image as three of the ten
# parties see it: party 0 sees clearly, the last one worst.

# %%
own = {
    "feature noise, σ = 1": base.with_(feature_noise=1.0),
    "rotation, up to 90°": base.with_(rotation=90.0),
}
images = data.train_x[:2], data.train_y[:2]
figure, axes = plt.subplots(1, 2, figsize=(7.4, 1.7), layout="constrained")
for ax, (name, experiment) in zip(axes, own.items(), strict=True):
    shown = []
    for party in (0, 5, 9):
        share = party / 9
        rng = np.random.default_rng(0)
        noised = skew.noisy(images[0], experiment.feature_noise * share, rng)
        shown.append(skew.rotated(noised, experiment.rotation * share))
    plots.party_images(ax, np.concatenate(shown), np.tile(images[1], 3), columns=6)
    ax.set_title(f"{name}\nparties 0, 5 and 9, two images each", fontsize="small")
plt.close(figure)
show(
    figure,
    alt="Two images as parties 0, 5 and 9 see them: with noise ever harder to read, and turned up to 90 degrees.",
)

# %% [markdown]
# ## Before you start
#
# Take the fourth heat map: Dirichlet with $\alpha = 0.1$, where most parties know two or three digits. With a fair mix of the
# same 2,000 images, the shared model gets about 90 % of the test images right after 10 rounds.

# %%
guess = predict("And with α = 0.1, after 10 rounds?", unit="%", rounds=10)
guess

# %% [markdown]
# ## The lab
#
# 1. Press **Run** for $\alpha = 0.1$.
# 2. Set *partition* to **IID** and press **Run**: the same images in fair hands.
# 3. Move *alpha* and watch the heat map: it answers at once. Run $\alpha = 1$.
# 4. Try the other partitions. Which heat map looks bad and is not? Which looks harmless and is not?

# %%
skewed = base.with_(partition="dirichlet", alpha=0.1)
lab = Lab(
    skewed, controls=["partition", "alpha", "labels_per_party", "shards_per_party", "size_beta"], prediction=guess
)
lab

# %% [markdown]
# ## What happened
#
# Run this cell when the first two runs are done.

# %%
claims(
    lab,
    [base, skewed],
    {
        "With a fair mix it ends at 90 %, give or take 3": lambda fair, skewed: (
            abs(fair.rounds[9].test_accuracy - 0.90) < 0.03
        ),
        "With α = 0.1 it is at least 8 points behind after 10 rounds": lambda fair, skewed: (
            skewed.rounds[9].test_accuracy < fair.rounds[9].test_accuracy - 0.08
        ),
        "With α = 0.1, 10 rounds are not enough for what a fair mix has after 2": lambda f, s: (
            s.rounds_to(f.rounds[1].test_accuracy) is None
        ),
        "Nobody has fewer images than before": lambda fair, skewed: (
            [party.examples for party in fair.rounds[0].parties]
            == [party.examples for party in skewed.rounds[0].parties]
        ),
    },
)

# %% [markdown]
# Not all skew is alike. The next cell trains eight kinds for six rounds each, with several seeds, and draws every seed. It
# takes some seconds.

# %%
kinds = {
    "IID": {},
    "quantity, β = 0.5": {"partition": "quantity", "size_beta": 0.5},
    "noise, σ = 1": {"feature_noise": 1.0},
    "rotation, 90°": {"rotation": 90.0},
    "labels wrong at 3 of 10": {"label_noise": 1.0},
    "Dirichlet, α = 1": {"partition": "dirichlet", "alpha": 1.0},
    "Dirichlet, α = 0.1": {"partition": "dirichlet", "alpha": 0.1},
    "one digit a party": {"partition": "label_limit", "labels_per_party": 1},
}
seeds = size([0, 1, 2], [0, 1])
reached = {
    name: [
        max(one.test_accuracy for one in run(base.with_(**changes, seed=seed, rounds=6, local_epochs=1)))
        for seed in seeds
    ]
    for name, changes in kinds.items()
}

figure, ax = plt.subplots(figsize=(7.2, 3.4), layout="constrained")
for place, name in enumerate(kinds):
    for seed, accuracy in zip(seeds, reached[name], strict=True):
        marker, colour = "osD"[seed], plots.COLOURS[seed]
        ax.plot(
            100 * accuracy, place + 0.15 * (seed - 1), marker, color=colour, label=f"seed {seed}" if not place else ""
        )
ax.set(yticks=range(len(kinds)), yticklabels=list(kinds), xlabel="best test accuracy in 6 rounds, %", xlim=(0, 100))
ax.invert_yaxis()
ax.grid(alpha=0.3, axis="x")
ax.spines[["top", "right"]].set_visible(False)
ax.legend(fontsize="small", loc="lower left")
plt.close(figure)
show(
    figure,
    alt="Best test accuracy in 6 rounds for eight kinds of difference: highest for IID and unequal sizes, lower for rotation, "
    "lowest for strong label skew.",
)

# %%
worst = {name: min(values) for name, values in reached.items()}
best = {name: max(values) for name, values in reached.items()}
print("Unequal sizes cost less than 5 points:", worst["quantity, β = 0.5"] > best["IID"] - 0.05)
print(
    "Wrong labels at 3 of 10 parties cost less than rotation:", worst["labels wrong at 3 of 10"] > best["rotation, 90°"]
)
print("With α = 0.1 every seed is below every seed of α = 1:", best["Dirichlet, α = 0.1"] < worst["Dirichlet, α = 1"])
print("One digit a party is below every seed of α = 1, too:", best["one digit a party"] < worst["Dirichlet, α = 1"])

# %% [markdown]
# - **Unequal sizes hardly matter.** FedAvg weighs by examples, so they are no trouble to it.
# - **Wrong labels** at three parties matter surprisingly little here: the wrong ones are all different and cancel, the right
#   ones agree.
# - **Rotation** has a heat map like IID and still costs much. One model now has to read digits at ten angles, and we test it
#   on upright ones. A number for label skew cannot warn you.
# - **Strong label skew** costs most of all. Why?
#
# ## Why: the parties drift
#
# In round 1 every party starts from the same model $w_0$ and walks to its own $w_k$. Its **update** is $w_k - w_0$. What the
# server makes of the updates is their average:
#
# $$w_1 - w_0 = \sum_k \frac{n_k}{n} (w_k - w_0)$$
#
# If all walk the same way, the average goes as far as each of them. If they walk in different directions, they cancel, and
# the average hardly moves. The **cosine** between two updates says which it is: 1 the same way, 0 at right angles, −1 against
# each other. $K$ updates of equal length and size, with mean cosine $c$, have an average that is
#
# $$\sqrt{\frac{1 + (K - 1)\, c}{K}}$$
#
# times as long as each of them. We keep each party's model as it uploads (`on_upload`; the kit keeps none of them), and look.


# %%
def with_uploads(experiment):
    """Run an experiment; the shared models (rounds + 1, P), and for each round the parties' models (K, P)."""
    sent = {}
    rounds = run(experiment, on_upload=lambda number, upload: sent.setdefault(number, []).append(upload.weights))
    first = federation.first_state(federation.prepare(experiment))
    shared = [first.weights, *(one.state.weights for one in rounds)]
    return shared, [np.stack(sent[number]) for number in sorted(sent)]


walks = {"IID": with_uploads(base.with_(rounds=4)), "Dirichlet, α = 0.1": with_uploads(skewed.with_(rounds=4))}

mean_cosine, length = {}, {}
for name, (shared, sent) in walks.items():
    updates = sent[0] - shared[0]
    table = diagnostics.cosines(updates)
    mean_cosine[name] = table[~np.eye(len(table), dtype=bool)].mean()  # without each update's cosine to itself
    length[name] = np.linalg.norm(updates.mean(axis=0)) / np.linalg.norm(updates, axis=1).mean()

expected = {name: np.sqrt((1 + 9 * c) / 10) for name, c in mean_cosine.items()}
fair, tastes = mean_cosine
print("With a fair mix the updates point the same way, cosine above 0.5:", bool(mean_cosine[fair] > 0.5))
print("With α = 0.1 they are nearly at right angles, cosine below 0.2:", bool(mean_cosine[tastes] < 0.2))
print("With a fair mix the average goes more than 0.7 of a party's way:", bool(length[fair] > 0.7))
print("With α = 0.1 it goes less than half of it:", bool(length[tastes] < 0.5))
print("The formula says how far, to a tenth:", max(abs(length[name] - expected[name]) for name in walks) < 0.1)

# %% [markdown]
# Each party works as hard as before. Under skew the server throws most of it away in the average, because the parties do not
# agree.
#
# ### In two dimensions
#
# A model of the 2NN is a point in a space of 199,210 dimensions. That cannot be drawn. But the *plane* in which these points
# differ most can be: their first two **principal components**. The next picture lays all models of four rounds into such a
# plane: the shared model's path in black, and from each of its points a line to where each party went in the next round.

# %%
figure, axes = plt.subplots(1, 2, figsize=(8.2, 4.4), layout="constrained")
for ax, (name, (shared, sent)) in zip(axes, walks.items(), strict=True):
    flat, variance = diagnostics.principal_plane(np.concatenate([np.stack(shared), *sent]))
    path, parties = flat[: len(shared)], flat[len(shared) :].reshape(len(sent), -1, 2)
    for number, ends in enumerate(parties):
        colour, marker = plots.COLOURS[number], plots.MARKERS[number]
        for end in ends:
            ax.plot(*np.stack([path[number], end]).T, color=colour, lw=0.7, alpha=0.7)
        ax.plot(*ends.T, marker, color=colour, ms=4, label=f"parties, round {number + 1}")
    ax.plot(*path.T, "k-", lw=2, marker="X", ms=7, label="shared model")
    ax.annotate("start", path[0], xytext=(4, 8), textcoords="offset points", fontsize="small")
    middle = (flat.max(axis=0) + flat.min(axis=0)) / 2
    ax.set(xlim=middle[0] + np.array([-2.4, 2.4]), ylim=middle[1] + np.array([-2.4, 2.4]), aspect="equal")  # one scale
    ax.set(xlabel="component 1", ylabel="component 2")
    ax.set_title(f"{name} ({variance.sum():.0%} of the spread)", fontsize="medium")
axes[0].legend(fontsize="x-small", loc="lower left")
plt.close(figure)
show(
    figure,
    alt="Left, IID: in each round the parties go the same way, and the shared model takes a long path. Right, Dirichlet 0.1: "
    "the parties go off in all directions like spokes, and the shared model takes short steps.",
)

# %% [markdown]
# Left a group on a hike; right a group that was told to meet in the middle. This is **client drift**: each party is pulled
# towards the model that is best for its own data, and the longer it works ($E$), the further it goes. The plane shows only
# a part of the spread (the title says how much): distances in the picture are shadows of the real ones. The cosines above
# are the real ones.
#
# ## Who is served badly?
#
# One number for the shared model hides who pays. Ask each party: how many of *your own* images does it get right?

# %%
shared_model = {}
for name, experiment in {"IID": base, "Dirichlet, α = 0.1": skewed}.items():
    shared_model[name] = History(experiment, run(experiment)).rounds[-1]

served = {
    name: diagnostics.party_accuracies(experiment, [shared_model[name].state.weights], data)
    for name, experiment in {"IID": base, "Dirichlet, α = 0.1": skewed}.items()
}

counts = counts_of(skewed)
figure, axes = plt.subplots(2, 1, figsize=(7.2, 5.6), layout="constrained", height_ratios=[1, 1.4])
for name, offset, colour, hatch in (
    ("IID", -0.2, plots.COLOURS[5], ""),
    ("Dirichlet, α = 0.1", 0.2, plots.COLOURS[1], "//"),
):
    axes[0].bar(
        np.arange(10) + offset, 100 * served[name], 0.4, color=colour, hatch=hatch, edgecolor="white", label=name
    )
average = 100 * shared_model["Dirichlet, α = 0.1"].test_accuracy
axes[0].axhline(average, color="black", ls="--", lw=1.2, label="test accuracy, α = 0.1")
axes[0].set(ylabel="own images right, %", xticks=range(10), ylim=(0, 100), xlim=(-0.6, 9.6))
axes[0].legend(fontsize="small", loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False)
axes[0].spines[["top", "right"]].set_visible(False)
plots.holdings(axes[1], counts)
axes[1].set_title("who holds which digits, α = 0.1", fontsize="medium")
plt.close(figure)
show(
    figure,
    alt="Above: with a fair mix all parties have nearly all of their own images right; with alpha 0.1 some have few right. "
    "Below: the heat map of what each of them holds.",
)

# %%
fair, unfair = (diagnostics.fairness(served[name]) for name in served)
print("With a fair mix the worst-served party is within 15 points of the best:", fair.best - fair.worst_tenth < 0.15)
print("With α = 0.1 the best-served party has more than 85 % right:", unfair.best > 0.85)
print("With α = 0.1 the worst-served has less than 50 % right:", unfair.worst_tenth < 0.50)

# %% [markdown]
# The same model, for one party nearly perfect and for another nearly useless. Would that party join again? **Report the worst
# tenth beside the mean.**
#
# ### Which digits?
#
# A **confusion matrix** has a row for each true digit, and says what its images were taken for. Its diagonal is what is right.
# **Recall** is the share of a digit's images that are recognised: the diagonal, divided by the sum of its row.

# %%
weights = shared_model["Dirichlet, α = 0.1"].state.weights
confusion = diagnostics.confusion_on_test(skewed, [weights], data)
recall_of = diagnostics.recall(confusion)

figure, ax = plt.subplots(figsize=(5.2, 4.6), layout="constrained")
shares = confusion / confusion.sum(axis=1, keepdims=True)
ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
for (row, column), share in np.ndenumerate(shares):
    if share >= 0.01:
        ax.text(
            column,
            row,
            f"{100 * share:.0f}",
            ha="center",
            va="center",
            fontsize=8,
            color="white" if share > 0.6 else "black",
        )
ax.set(
    xlabel="taken for", ylabel="true digit", xticks=range(10), yticks=range(10), title="% of each digit's test images"
)
plt.close(figure)
show(
    figure,
    alt="Confusion matrix for alpha 0.1: some rows are right on the diagonal, others are mostly taken for other digits.",
)

# %%
worst_party = int(served["Dirichlet, α = 0.1"].argmin())
its_digits = counts[worst_party] / counts[worst_party].sum()
print("Some digit has a recall above 90 %:", bool(recall_of.max() > 0.9))
print("Some digit has a recall below 50 %:", bool(recall_of.min() < 0.5))
print(
    "What the worst-served party holds is recognised worse than average:",
    bool(its_digits @ recall_of < recall_of.mean() - 0.1),
)

# %% [markdown]
# Compare the heat map, the bars and the matrix. Parties 0, 5, 6 and 7 hold, nearly alone, a digit each: 1, 5, 9 and 2. Parties
# 5 and 7 are served badly, and parties 0 and 6 are not. So it is not enough to be alone. Look at the row of the 5: it is taken
# for a 3 or an 8, which look like it, and which parties 1, 3 and 4 hold. They pull those shapes their way, and party 5 is
# **outvoted**. A 1 looks like nothing else, so nobody pulls against party 0.

# %%
alone = [int(counts[:, digit].argmax()) for digit in (1, 5, 9, 2)]
print("Parties 0, 5, 6 and 7 hold most of the 1, 5, 9 and 2:", alone == [0, 5, 6, 7])
print("A 5 is taken for a 3 or an 8 more often than for a 5:", bool(confusion[5, [3, 8]].sum() > confusion[5, 5]))
print("A 1 is nearly always taken for a 1:", bool(recall_of[1] > 0.9))

# %% [markdown]
# Is that the luck of one seed? The same question for others:

# %%
for seed in size([1, 2, 3], [1, 2]):
    again = skewed.with_(seed=seed)
    last = History(again, run(again)).rounds[-1]
    spread = diagnostics.fairness(diagnostics.party_accuracies(again, [last.state.weights], data))
    print(f"seed {seed}: best and worst party more than 25 points apart:", spread.best - spread.worst_tenth > 0.25)

# %% [markdown]
# ## The code behind it
#
# A partition is a class with one function: it gets the labels and the number of parties, and returns which examples each
# party holds. This is Dirichlet, the one of the lab:

# %%
show_source(partitions.Dirichlet)

# %% [markdown]
# And these are two measures of this lesson. (Two others are exercises.)

# %%
show_source(diagnostics.cosines, diagnostics.party_accuracies)

# %% [markdown]
# ## Exercises
#
# Write your code in place of `raise NotImplementedError()`, run the cell, then run the check below it.
#
# **1. Another number for skew.** Write a simpler one: half the sum of the differences between a party's shares and everybody's,
# and then the mean over the parties,
#
# $$\frac{1}{K} \sum_k \frac12 \sum_i \lvert q_{k,i} - p_i \rvert$$
#
# `counts` has a row for each party and a column for each digit. $q_k$ are the shares of the digits in row $k$, $p$ those of all
# examples together.


# %% nbgrader={"grade": false, "grade_id": "skew", "locked": false, "schema_version": 3, "solution": true, "task": false}
def my_skew(counts):
    ### BEGIN SOLUTION
    q = counts / counts.sum(axis=1, keepdims=True)
    p = counts.sum(axis=0) / counts.sum()
    return np.abs(q - p).sum(axis=1).mean() / 2
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "skew-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check.check_skew(my_skew)

# %% [markdown]
# **2. Write a partition.** The hardest case: every party knows a **single digit**. `labels` holds the label of each example, ten
# different ones; `parties` is 10 or more. Return a list with one array for each party: the *positions* of its examples in
# `labels`. Every example must be held exactly once, and nobody may be empty. How many parties does each digit get, when there
# are 23? That is up to you.


# %% nbgrader={"grade": false, "grade_id": "partition", "locked": false, "schema_version": 3, "solution": true, "task": false}
def one_digit(labels, parties):
    ### BEGIN SOLUTION
    held = []
    for digit in range(10):
        holders = len(range(digit, parties, 10))
        held += np.array_split(np.flatnonzero(labels == digit), holders)
    return held
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "partition-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check.check_one_digit(one_digit)

# %% [markdown]
# When it passes, take it to the lab. Put this into a new cell (the **+** at the top) and run it:
#
# ```python
# class OneDigit(partitions.Partition):
#     name = "one_digit"
#     title = "My one digit a party"
#     lesson = "Nobody can learn to tell two digits apart."
#
#     def assign(self, labels, parties, rng):
#         return one_digit(labels, parties)
#
# Lab(base.with_(partition=OneDigit()), controls=["partition", "parties"])
# ```
#
# **3. The worst tenth.** `accuracies` holds every party's own accuracy. Return the mean accuracy of the tenth of the parties that
# is served worst. A tenth of 25 parties is 2, and it is always at least one.


# %% nbgrader={"grade": false, "grade_id": "worst-tenth", "locked": false, "schema_version": 3, "solution": true, "task": false}
def worst_tenth(accuracies):
    ### BEGIN SOLUTION
    return np.mean(np.sort(accuracies)[: max(1, len(accuracies) // 10)])
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "worst-tenth-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check.check_worst_tenth(worst_tenth)

# %% [markdown]
# **4. Recall.** `confusion` has a row for each true digit and a column for what it was taken for. Return the recall of each digit.


# %% nbgrader={"grade": false, "grade_id": "recall", "locked": false, "schema_version": 3, "solution": true, "task": false}
def recall(confusion):
    ### BEGIN SOLUTION
    return np.diag(confusion) / confusion.sum(axis=1)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "recall-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check.check_recall(recall)

# %% [markdown]
# **To think about.** A hospital with rare cases is served badly. Would you give it more weight in the average? Who would then be
# served worse, and who should decide?
#
# ## What this does not show
#
# - **No remedy yet.** FedProx (lesson 04) and SCAFFOLD (lesson 05) were made against drift. Do not expect miracles on MNIST.
# - **Made-up skew.** We dealt images out by rule. Real parties differ in all four ways at once, and over time.
# - **Own images were trained on.** A party's own accuracy is flattered; compare parties with each other only.
# - **The heat map is a secret.** The kit can draw it because it plays all roles. A real server does not know who holds what,
#   and must not.
# - **One shared model for all.** Perhaps each party should have one of its own: that is *personalisation*, another field.
# - **Few rounds.** More of them make most of these gaps smaller: run 50 in the lab, and see how slowly.
#
# ## Words
#
# - **IID**: everybody's data is drawn from the same box. **Non-IID**: it is not.
# - **Label skew**, **quantity skew**, **feature skew**, **label noise**: other digits, other amounts, other looks, wrong labels.
# - **Dirichlet, α**: a way to draw a mix of digits for each party. The smaller α is, the fewer digits each one knows.
# - **Jensen-Shannon distance**: how different two mixes are, from 0 to 1.
# - **Update**: a party's model minus the shared model it began with. **Disagreement**: how far the updates of one round point
#   in different directions. Their cosines measure it.
# - **Drift**: the mean of where the parties end after many local steps is not where as many averaged single steps lead. It is
#   biased, and that grows with the number of local steps.
# - **Principal components**: the directions in which points differ most.
# - **Recall**: the share of a digit's images that are recognised. **Worst tenth**: those who are served worst.
#
# ## Where next
#
# - What more local work costs and buys: [02 FedAvg](02_fedavg.ipynb).
# - A rubber band against drift: [04 FedProx](04_fedprox.ipynb).
# - Dirichlet skew: T.-M. H. Hsu, H. Qi and M. Brown, *Measuring the Effects of Non-Identical Data Distribution for Federated
#   Visual Classification*, 2019, [arXiv 1909.06335](https://arxiv.org/abs/1909.06335).
# - All kinds side by side: Q. Li, Y. Diao, Q. Chen and B. He, *Federated Learning on Non-IID Data Silos: An Experimental Study*,
#   2022, [arXiv 2102.02079](https://arxiv.org/abs/2102.02079).
# - Shards: H. B. McMahan and others, 2017, [arXiv 1602.05629](https://arxiv.org/abs/1602.05629), section 3.
# - Fairness: T. Li, M. Sanjabi, A. Beirami and V. Smith, *Fair Resource Allocation in Federated Learning*, 2020,
#   [arXiv 1905.10497](https://arxiv.org/abs/1905.10497).
# - The distance: J. Lin, *Divergence Measures Based on the Shannon Entropy*, IEEE Transactions on Information Theory 37, 1991.
