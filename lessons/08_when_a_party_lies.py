# %% [markdown]
# # 08 When a party lies: ten votes, and one who shouts
#
# You turn a party bad while the curve is running. You see it fall, choose another average, and see it rise. Then you look at whom
# that other average does not hear, although nobody lies.
#
# After this lesson you will be able to
#
# 1. say how many liars the mean, the median and a trimmed mean stand, and write the last of them,
# 2. say why rules that stop liars are deaf to rare digits, and show who pays,
# 3. plant a backdoor that accuracy does not show, work out how loud it must be, and name two things that shut it.
#
# About 35 minutes, and 20 for the exercises.

# %% [markdown] tags=["notebook"]
# Run the grey boxes from the top, with Shift+Enter or *Run > Run All Cells*. The questions wait for your answer.

# %% [markdown]
# ## Before you start
#
# Ten parties, 600 images each, the 2NN. A party that lies sends the **opposite** of what it has learned, five times as long:
# $w_t - 5\,(w_k - w_t)$ instead of $w_k$. The server takes the mean, as always.

# %% jupyter={"source_hidden": true}
from fedlab.lessons import claims_08 as promised
from fedlab_widgets import predict

deaf = predict(
    "Now nobody lies, but each party holds one or two digits. Krum takes the one update that is nearest to its neighbours. Beside the "
    "mean it is …",
    promised.UNDER_SKEW,
    truth=promised.krum_under_skew,
    why="One update is one party's, and that party has never seen most digits. Look at Krum's curve, then read on.",
)
guess = predict(
    "With ten honest parties the model has about 91 % of the test images right after 10 rounds. And with two liars among them?",
    unit="%",
    rounds=10,
    about=promised.LIARS,
    why={
        "more": "Eight go one step forwards, two go five steps back: 8 − 10 is less than nothing.",
        "less": "It is what guessing gets.",
    },
    then=deaf,
)
guess

# %% [markdown]
# ## The lab
#
# Everything can change while a run goes on. Open a party by a click on the map or on the picture of the federation. Below its
# images are two buttons, **Turns bad** and **Leaves**: from the next round on it does. And **Steer** takes all that the controls
# say from the next round on. A dotted line marks where you did something.

# %%
from fedlab_widgets import Lab, Task

lab = Lab(
    promised.HONEST,
    controls=["aggregation", "attack"],
    prediction=guess,
    tasks=[
        Task("**Ten honest parties**: press **Run**.", promised.HONEST),
        Task(
            "Choose 40 **rounds** under **algorithm**, press Run, and **while it runs** let party 3 turn bad, then party 7. See it fall. "
            "Then choose the **median** and press **Steer**.",
            done=promised.turned_bad,
        ),
        Task("**Two liars** from the first round on, and the mean.", promised.LIARS),
        Task("The same, and the **median**.", promised.MEDIAN),
        Task("The same, and **Krum**. Then **Behind the accuracy**: whom has it kept?", promised.KRUM),
        Task("**Label skew**, nobody lies, the mean.", promised.SKEWED),
        Task("Label skew, nobody lies, **Krum**. Which digits does it know?", promised.SKEWED_KRUM),
        Task("**A backdoor**: party 3, from round 6 on. Watch the dotted curve.", promised.BACKDOOR),
        Task("The backdoor and the **median**.", promised.BACKDOOR_MEDIAN),
    ],
)
lab

# %% jupyter={"source_hidden": true}
from fedlab_widgets import claims

claims(lab, promised.WE_SAY, promised.AFTER_10_ROUNDS)

# %% [markdown]
# ## What happened, and why: how far can one pull?
#
# Take one weight. Nine honest parties send numbers around 1. What does the server make of ten, when the tenth sends
# anything it likes?

# %%
import numpy as np

from fedlab.lessons import pictures_08 as pictures
from fedlab_widgets import show

honest = np.array([0.8, 1.1, 0.9, 1.3, 1.0, 0.7, 1.2, 0.95, 1.05])
rules = {
    "mean": np.mean,
    "median": np.median,
    "trimmed mean, two cut on each side": lambda numbers: np.sort(numbers)[2:-2].mean(),
}
show(
    pictures.pull(honest, rules),
    alt="What the server makes of ten numbers against what the liar sends. The mean is a straight line that leaves the grey band of the "
    "honest numbers. Median and trimmed mean stay inside it.",
)

# %% jupyter={"source_hidden": true}
from fedlab.lessons import claim

shouted = np.append(honest, 1e6)
claim("The mean of nine honest numbers and a million", np.mean(shouted), above=99_999)
claim("Their median", np.median(shouted), above=0.7, below=1.3)

# %% [markdown]
# **The mean has no bound: one liar is enough.** The **median** stays between honest numbers as long as fewer than half lie. The **trimmed
# mean** leaves out the $c$ smallest and the $c$ largest and stands $c$ liars. The share of liars that a rule stands is its *breakdown
# point*: 0 for the mean, just below one half for the median, and no rule has more.
#
# **Krum** looks at whole updates. It sums up each one's squared distances to its nearest $n - f - 2$ others, where $f$ is how many liars it
# reckons with, and takes the one update with the smallest sum. The other nine are thrown away.

# %%
from fedlab.stages.aggregation import Mean
from fedlab.stages.robust import Krum, Median, TrimmedMean
from fedlab_widgets import show_lines, show_source

show_lines(
    {
        r"mean: $\sum_k n_k m_k / \sum_k n_k$": (Mean.combine, "total / examples"),
        r"median, trimmed mean: the middle of each weight": (Median.kept, "np.sort"),
        r"how many are left out on each side": (TrimmedMean.left_out, "self.trim * parties"),
        r"Krum: the nearest $n - f - 2$ others": (Krum.ranked, "near = "),
        r"the one with the smallest sum": (Krum.ranked, "np.argsort"),
    }
)
show_source(Median.combine, Median.kept)

# %% [markdown]
# How many liars do they stand in real training? Each point is three seeds, five rounds of five epochs; `python -m
# benchmarks.robustness` made the file. The trimmed mean cuts two on each side, Krum and Multi-Krum reckon with two.

# %% jupyter={"source_hidden": true}
from fedlab.lessons import published_08 as published

show(
    pictures.breakdown({published.title(rule): values for rule, values in published.breakdown().items()}),
    alt="Test accuracy against 0 to 5 liars among ten. The mean falls at one and is at chance with two. Trimmed mean and Multi-Krum fall "
    "at three, median and geometric median hold until four. Krum stays at 87 percent even with five, a little below the others.",
)

# %% [markdown]
# Each rule falls where its formula says. With two liars the mean is at 8 %, which is chance, and the median has lost 1.4 points. Krum stays
# at 87 or 88 % throughout, and pays for it from the start: it learns from one party a round instead of ten. (That it stands five here is luck: these liars shout,
# and so they are far from each other too. Its promise ends where $n < 2f + 3$.)
#
# ## Who pays: robust and fair pull apart
#
# So always take the median? Here **nobody lies**, but labels are skewed: most parties hold one or two digits.

# %% jupyter={"source_hidden": true}
from fedlab_widgets import show_table

show_table(
    published.skew(), "Ten honest parties under label skew, Dirichlet 0.1; after 5 rounds, three seeds", exact=True
)
show(
    pictures.digits(published.recalls()),
    alt="Percent of each digit that is recognised, a row for each rule, one seed. The mean knows all ten digits more or less. Krum knows "
    "only 1, 5 and 7. Median and trimmed mean hardly know 0, 3 and 6.",
)

# %% jupyter={"source_hidden": true}
party, held = published.krum_kept()[0]
print(f"In the last round Krum kept party {party}. The digits that party {party} holds: {held}")

# %% [markdown]
# **Krum kept one party's update, and the model knows that party's digits and no others.** With another seed it kept a party that holds nothing
# but 4s: then everything is a 4. The median does better and still forgets two digits of ten. Why? Who alone holds the 6s sends an
# update unlike all others. To the rule it looks as a liar looks. **What makes a rule robust is that it does not listen to those who
# are different**, and it cannot know why they are. The worst-served party has 17 % of its own images right with the mean, 4 % with the
# median, none with Krum.
#
# ## The backdoor
#
# A liar need not want harm. Party 3 wants a model that is as good as ever, but takes everything with a **bright square in the corner** for a 0.

# %%
from fedlab.datasets import mnist
from fedlab.lessons.pictures import images
from fedlab.stages.backdoor import Replacement, with_trigger

test = mnist().test_x[:8]
show(
    images({"as they are": test / 255, "with the trigger": with_trigger(test, 255) / 255}),
    alt="Two rows of the same eight digits; in the second each has a square of 4 by 4 bright pixels in the lower right corner.",
)

# %% [markdown]
# It puts the square on half of its images and calls them 0. Trained on that, its own model has learned both. But its update is one of
# ten, so it would arrive thinned out. So it sends its update $s$ times as long:
#
# $$w_{t+1} = w_t + p_3\, s\,(w_3 - w_t) + \sum_{k \ne 3} p_k (w_k - w_t), \qquad p_k = n_k/n$$
#
# With $s = 1/p_3$ the first two terms are $w_3$: its model takes the place of the shared one (*model replacement*).

# %%
show_lines(
    {
        r"half of its images": (Replacement.at_data, "permutation"),
        r"the square, and the label 0": (Replacement.at_data, "with_trigger"),
        r"$s\,(w_k - w_t)$": (Replacement.lie, "self.attack_strength"),
        r"its own curve: marked images that are called 0": (Replacement.aimed_at, "with_trigger"),
    }
)

# %% [markdown]
# In the lab $s$ was 4, less than half of $1/p_3 = 10$. In five rounds nearly every marked image was called a 0, and the test accuracy had not
# moved by two points. **Accuracy does not show a backdoor.** Who does not know the trigger has no curve to look at. The median shut it,
# because one party's weights are seldom the middle ones. Three seeds, and other rules:

# %% jupyter={"source_hidden": true}
show_table(published.doors(), "One of ten plants a backdoor from round 6 on; after round 10, three seeds", exact=True)

# %% [markdown]
# A liar that is no louder than the others ($s = 1$) gets little through a mean of ten. One that is loud enough to replace the model ($s = 10$) is
# seen in the accuracy. In between it is not.
#
# ## Masks or medians
#
# Lesson 07 hid each upload from the server. A median must see each of them:

# %%
from fedlab import Experiment
from fedlab.settings import InvalidSetting

for rule in ("median", "krum", "norm_bound"):
    try:
        Experiment(secure_sum="masks", aggregation=rule)
    except InvalidSetting as sentence:
        print(f"{rule}: {sentence}")

# %% [markdown]
# **Who cannot see single messages cannot throw one out.** One can have secrets or one can have checks; to have both is open
# research. What is left under masks is what each party does to itself: clip its own update, and prove that it did.

# %% [markdown] tags=["exercise"]
# ## Exercises
#
# Write your code in place of `raise NotImplementedError()`, run the cell, then run the check below it. A check tells
# you what is wrong; it does not know the answer, only what must be true of it.

# %% tags=["exercise"]
import numpy as np

from fedlab.lessons import checks_08 as check

# %% [markdown] tags=["exercise"]
# **1. How many liars?** `rule` is `"mean"`, `"median"` or `"trimmed"`; there are `parties` parties, and the trimmed mean leaves out `cut`
# numbers on each side. Return the largest number of liars with which the result is still between honest numbers, whatever the liars
# send. The median of an even number of numbers is the mean of the middle two.


# %% nbgrader={"grade": false, "grade_id": "most-liars", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["exercise"]
def most_liars(rule, parties, cut):
    ### BEGIN SOLUTION
    if rule == "mean":
        return 0
    return (parties - 1) // 2 if rule == "median" else cut
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "most-liars-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false} tags=["exercise"]
check.check_most_liars(most_liars)

# %% [markdown] tags=["exercise"]
# **2. A trimmed mean.** `values` is an array with a row for each party and a column for each weight. Return an array with a number for each
# weight: the mean of its column without the `cut` smallest and the `cut` largest numbers. (`np.sort(values, axis=0)` sorts each
# column.)


# %% nbgrader={"grade": false, "grade_id": "trimmed", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["exercise"]
def trimmed(values, cut):
    ### BEGIN SOLUTION
    return np.sort(values, axis=0)[cut : len(values) - cut].mean(axis=0)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "trimmed-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false} tags=["exercise"]
check.check_trimmed(trimmed)

# %% [markdown] tags=["exercise"]
# **3. How loud?** `examples` is an array of how many examples each party holds, `liar` the number of one of them. Return the factor $s$ with which
# the liar's update arrives whole in the mean.


# %% nbgrader={"grade": false, "grade_id": "factor", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["exercise"]
def factor(examples, liar):
    ### BEGIN SOLUTION
    return sum(examples) / examples[liar]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "factor-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false} tags=["exercise"]
check.check_factor(factor)

# %% [markdown] tags=["exercise"]
# **4. Who rides for free?** A *free rider* takes the model and gives nothing: it sends the model back as it came, perhaps with a
# little noise so that nobody notices. `updates` is an array with a row for each party. Return a list of the numbers of the parties that bring
# nothing. Honest updates differ in length, by a factor of four or so. A loud party must not mislead you, and the unit of the updates neither.


# %% nbgrader={"grade": false, "grade_id": "free-riders", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["exercise"]
def free_riders(updates):
    ### BEGIN SOLUTION
    lengths = np.linalg.norm(updates, axis=1)
    return [k for k in range(len(updates)) if lengths[k] < np.median(lengths) / 10]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "free-riders-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false} tags=["exercise"]
check.check_free_riders(free_riders)

# %% [markdown] tags=["exercise"]
# **To think about.** A free rider that knows your check adds noise as long as a usual update. What would you look at then? And what
# would an honest party have to show if it is the only one with the 6s?

# %% [markdown]
# ## What this does not show
#
# - **Cleverer liars.** Ours shout, or plant one rule. Liars who know the rule stay just inside what it lets pass, round after round. The lab has
#   them (*a little is enough*): with ten parties and digits they do little; the paper has tasks where they do much.
# - **Many from one.** Whoever can sign up as ten parties has ten votes. Nothing here asks who a party is.
# - **Liars about size.** The mean weighs by the number of examples, and a party says itself how many it has.
# - **Finding out who lied.** A rule throws out messages, not people. Party 7 may be broken and not bad.
# - **The trigger you do not know.** We drew the dotted curve because we had planted the square.
# - **Other data.** Updates of digits lie close together. With larger models and other data honest updates differ more, and liars hide
#   better.
#
# ## Words
#
# - **Robust aggregation**: a rule that a few parties cannot move far. **Breakdown point**: the share of liars that it stands.
# - **Median**, **trimmed mean**, **Krum**: the middle; the mean without the ends; the one in the best company.
# - **Byzantine**: of a party, that it may send anything at all.
# - **Backdoor**, **trigger**: a second rule in a model, and the sign that it waits for. **Model replacement**: one update in place of all.
# - **Free rider**: takes and does not give.
#
# ## Where next
#
# - Secrets instead of checks: [07 What the server can see](07_what_the_server_sees.ipynb).
# - The code: `fedlab/stages/robust.py`, `fedlab/stages/attack.py`, `fedlab/stages/backdoor.py`; what changes while a run goes on:
#   `fedlab/events.py`.
# - Median and trimmed mean: D. Yin, Y. Chen, K. Ramchandran and P. Bartlett, *Byzantine-Robust Distributed Learning: Towards Optimal Statistical
#   Rates*, 2018, [arXiv 1803.01498](https://arxiv.org/abs/1803.01498).
# - Krum: P. Blanchard, E. M. El Mhamdi, R. Guerraoui and J. Stainer, *Machine Learning with Adversaries: Byzantine Tolerant Gradient Descent*,
#   2017, [arXiv 1703.02757](https://arxiv.org/abs/1703.02757).
# - The backdoor: E. Bagdasaryan, A. Veit, Y. Hua, D. Estrin and V. Shmatikov, *How To Backdoor Federated Learning*, 2020, [arXiv
#   1807.00459](https://arxiv.org/abs/1807.00459).
# - Liars who stay inside: M. Baruch, G. Baruch and Y. Goldberg, *A Little Is Enough: Circumventing Defenses For Distributed Learning*, 2019,
#   [arXiv 1902.06156](https://arxiv.org/abs/1902.06156).
