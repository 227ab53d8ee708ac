# %% [markdown]
# # 07 What the server can see: no picture leaves, and yet
#
# Your pictures stay at home, only an update goes up. You take such an update and get the pictures back, by one division. Then
# you see what stops it, from whom, and what each costs.
#
# After this lesson you will be able to
#
# 1. read an image out of an update, and say when that works and when it does not,
# 2. say what masks, noise at the server and noise at the party hide, and from whom,
# 3. read an ε: what it promises, why a hundred parties are few, and how an attack is held against it.
#
# About 40 minutes, and 25 for the exercises.

# %% [markdown] tags=["notebook"]
# Run the grey boxes from the top, with Shift+Enter or *Run > Run All Cells*. The questions wait for your answer.

# %% [markdown]
# ## Before you start
#
# Ten parties hold 8 images each. The server sends out a new 2NN. Each party takes **one step** on all its 8 images and sends back what
# has changed: 199,210 numbers. No image leaves the house.

# %% jupyter={"source_hidden": true}
from fedlab_widgets import predict

stolen = predict(
    "How many of a party's 8 images can the server rebuild from that update, each pixel right to a grey level or so?",
    unit="of 8",
    low=0,
    high=8,
    why={
        "more": "Nearly: now and then one image has no unit of its own. Read on.",
        "less": "An update of one step is a sum over 8 images, but many units of the first layer have seen only one of them.",
    },
)
stolen

# %% [markdown]
# ## One division
#
# The first layer computes $z = xW + b$. Take its unit $i$, and one image $x$. With $d_i$ for how the loss changes with $z_i$,
#
# $$\frac{\partial L}{\partial W_i} = d_i \, x, \qquad \frac{\partial L}{\partial b_i} = d_i, \qquad \text{so}\qquad
# x = \frac{\partial L / \partial W_i}{\partial L / \partial b_i} = \frac{\Delta W_i}{\Delta b_i}$$
#
# A step multiplies both by $-\eta$, and that cancels. With 8 images each unit adds up what 8 images give. But a relu is off for
# many images, and where it is off $d_i = 0$. **A unit that is on for one image alone gives that image away.**

# %%
from fedlab import attacks_on_privacy as attack
from fedlab.lessons import claims_07 as promised
from fedlab.lessons.one_upload import first_round

sent = first_round(promised.EIGHT)
party = 3
update = sent.update(party)  # all that the server gets
found = attack.candidates(update, sent.prepared.shapes)
print("numbers in the update:", f"{update.size:,}", "  pixels in a candidate:", found.shape[1])

# %% jupyter={"source_hidden": true}
from fedlab.lessons import claim
from fedlab.lessons import pictures_07 as pictures
from fedlab.lessons.pictures import images
from fedlab_widgets import show

show(
    images(
        {"what party 3 has": sent.images(party), "what the server reads": attack.nearest(found, sent.images(party))}
    ),
    alt="Two rows of eight digits: the images of party 3, and below each what the server has read. Nearly all are the same, "
    "pixel for pixel.",
)
share = sum(sent.recovered(k) for k in range(10)) / 10
claim("Of all ten parties' images the server has", 100 * share, above=75, below=97, unit="%")
stolen.compare(round(8 * share))

# %% [markdown]
# This is the line that did it, and the one that says what "the same" means:

# %%
from fedlab_widgets import show_lines

show_lines(
    {
        r"$\Delta W_i / \Delta b_i$": (attack.candidates, "kernel[:, moved] / bias[moved]"),
        "the same: off by less than a grey level": (attack.share_recovered, "images) < SAME"),
    }
)

# %% [markdown]
# How does a server know which candidates are images, and which are mixtures of several? It has nothing to compare with. But two units
# that agree hardly ever agree on a mixture. And the **labels** it reads at the other end of the model: the last bias goes up
# only for a label that is there, by as much as the model was unsure.

# %%
import numpy as np

agreed = attack.agreed(found)
print("labels that went up:", attack.labels_of(update, 10), "  labels of the party:", np.unique(sent.labels(party)))

# %% jupyter={"source_hidden": true}
right = [set(attack.labels_of(sent.update(k), 10).tolist()) <= set(sent.labels(k).tolist()) for k in range(10)]
claim("Images that two units agree on", len(agreed), above=1, unit="of 8")
claim("Parties of which every label that went up is right", sum(right), equals=10)

# %% [markdown]
# ## Play with it
#
# Larger batches mix more. More steps should help too, should they not? And noise? Say what you expect before you move a
# slider.

# %%
from fedlab_widgets import Leak

Leak()

# %% [markdown]
# 1. **B** up, from 1 to 128. Where do most of the images get lost? Does a batch of 8 protect?
# 2. **E** to 20, with B = 8. Twenty steps on the same images: does the server read less?
# 3. **Noise of the party's own**, from 0 up. How much does it take?
#
# And here with three seeds, 24 parties each. The tables over several seeds are made by `python -m benchmarks.lesson_07`.

# %% jupyter={"source_hidden": true}
from fedlab.lessons import published_07 as published
from fedlab_widgets import show_table

show_table(published.leak(), "Images of a party that its update gives away, its B images being one batch", exact=True)

# %% [markdown]
# **A batch of 8 does not protect.** Seven of eight of its images come through. **More local steps blur, they do not protect**: after
# twenty steps on the same images it is still three of four. So it is with a model that has been trained before.
#
# A batch of 64 loses nearly all. Does it protect? It protects from *this attack*. The lab's usual parties hold 500 images in batches of
# 32: here this attack finds one image of 5,000. That is a fact about the attack, and no promise.

# %% [markdown]
# ## What stops it, and what that costs
#
# Three things can stand between a party and the server.
#
# - **Masks** (*secure aggregation*). Each message looks like noise, and the server can read only the sum of a round's messages.
# - **Clip and noise at the server** (*differential privacy*). Each update is cut to a length of at most $S$. The server adds
#   noise of $\sigma S$ to the sum. From the model that goes out, nobody can tell any more whether a party took part. How well
#   that is hidden is a number, $\varepsilon$: the smaller, the better.
# - **Clip and noise at the party**. The same noise, but each party adds it to its own update before it sends.
#
# A hundred parties hold 60 images each, ten of them take part in a round.

# %% jupyter={"source_hidden": true}
at_home = predict(
    "The server could cheat and look before it adds the noise. So let each party add noise of the same σ at home. After 20 "
    "rounds, beside noise at the server, the model is …",
    promised.AT_HOME,
    truth=promised.noise_at_home,
    why="Ten parties add ten times noise. Its deviation in the sum is √10 times as large, and its square ten times.",
)
guess = predict(
    "Without noise the model has about 90 % of the test images right after 20 rounds. And with ε = 8, by noise at the server?",
    unit="%",
    rounds=20,
    about=promised.NOISY,
    why={
        "more": "Ten clipped updates are not much to hide one of them in.",
        "less": "It learns more slowly, but it learns: the noise of one round is partly averaged away by the next.",
    },
    then=at_home,
)
guess

# %%
from fedlab_widgets import Lab, Task

lab = Lab(
    promised.FEDAVG,
    controls=["privacy", "secure_sum"],
    prediction=guess,
    tasks=[
        Task(
            "**Nothing**: press **Run**. Then open **What the server sees** below, and press **Look**.", promised.FEDAVG
        ),
        Task("**Masks**. Look again: what has become of the upload, and of the accuracy?", promised.MASKED),
        Task("**Clip and noise at the server**. Look: from whom does this hide the images?", promised.NOISY),
        Task("**The same noise at each party**. Look once more.", promised.AT_PARTY),
        Task("**10,000 parties**, 6 images each, 100 a round.", promised.CROWD),
        Task("The 10,000 with **twice the noise**, at the server.", promised.HIDDEN_CROWD),
        Task("Switch the plot to **epsilon**. What does a point of accuracy cost the hundred, and the ten thousand?"),
    ],
)
lab

# %% jupyter={"source_hidden": true}
from fedlab_widgets import claims

claims(lab, promised.WE_SAY, promised.AFTER_20_ROUNDS)

# %% [markdown]
# Three things to keep:
#
# - **Masks cost next to nothing**, in accuracy and in bytes. They hide who sent what, and not the sum.
# - **Noise at the server does not protect from the server.** It has seen the open update before it added anything. It
#   protects from all who get the model afterwards. Masks and noise go together: `secure_sum="masks"` and `privacy="dp"`.
# - **A crowd is what makes privacy cheap.** The hundred pay several points for an ε of 8. The ten thousand pay a point or two, for an ε
#   of 0.45. Try another seed.
#
# ## Masks: the sum, and nothing else
#
# Each two parties agree on a secret and draw the same noise from it. One adds it, the other takes it away. In the sum it is
# gone:
#
# $$y_k = x_k + b_k + \sum_{j > k} s_{kj} - \sum_{j < k} s_{kj} \mod 2^{32}$$
#
# $x_k$ are the party's numbers, as whole ones. $s_{kj}$ is what $j$ and $k$ have agreed on. And $b_k$ is a mask of the party's own. What
# is that good for? If a party **drops out**, its masks in the others' messages do not cancel. Then the others hand the
# server *shares* of its key, and it takes them away. Now imagine a server that **lies**: "party 3 has dropped out." It gets the key,
# and a second later party 3's message, which was only late.

# %% jupyter={"source_hidden": true}
lies = predict(
    "The server has party 3's key now, and so all masks that it shares with others. Can it read the message that came late?",
    ["yes, all of it", "no: it is still noise"],
    why="That is what b, the mask of its own, is for. Of each party the others give away its key or its b, never both.",
)
lies

# %% tags=["nbval-ignore-output"]
from fedlab.lessons import one_upload as view

y = view.masked_numbers(sent, party)  # what travels
naive = view.without_own_mask(sent, party)  # the same, had it no mask of its own
moved = np.flatnonzero(view.open_numbers(sent, party))[:3]  # three weights that have changed at all
print("before the masks:", view.open_numbers(sent, party)[moved])
print("under the masks: ", y[moved])
lied = view.without_shared_masks(y, sent, party, threshold=6)
caught = view.without_shared_masks(naive, sent, party, threshold=6)

# %% jupyter={"source_hidden": true}
unit = view.telling_unit(sent, party)
whole = sum(sent.update(k) for k in range(10)) / 10
show(
    pictures.changes(
        {
            "an open upload": view.one_unit(update, sent, unit),
            "masked": view.one_unit(view.as_update(y, sent, party), sent, unit),
            "a lying server,\nno own mask": view.one_unit(view.as_update(caught, sent, party), sent, unit),
            "a lying server,\nwith own mask": view.one_unit(view.as_update(lied, sent, party), sent, unit),
            "the mean of ten": view.one_unit(whole, sent, unit),
        }
    ),
    alt="The change of the weights to one unit, five times. Open: a digit. Masked: noise. Before a lying server without a mask "
    "of its own: the digit again. With one: noise. The mean of ten: several digits on top of each other.",
)
claim("Numbers that a lying server has right if there is no own mask",
      100 * np.mean(caught == view.open_numbers(sent, party)), equals=100.0, unit="%")  # fmt: skip
claim("And if there is", 100 * np.mean(lied == view.open_numbers(sent, party)), below=0.01, unit="%")
lies.compare("no: it is still noise")

# %% [markdown]
# And the sum itself? It is one update of ten parties, as if one party held all 80 images.

# %%
everybody = np.concatenate([sent.images(k) for k in range(10)])
from_sum = attack.candidates(whole, sent.prepared.shapes)

# %% jupyter={"source_hidden": true}
claim("Of 80 images the mean of ten gives away", 100 * attack.share_recovered(from_sum, everybody), below=10, unit="%")

# %% [markdown]
# **Masks turn ten small batches into one large one.** That is why they need company: with two parties of one image each, the sum gives
# both away.
#
# ## Noise: what ε promises
#
# Nobody can be sure from a noisy sum. But how unsure is unsure enough? Look at one number. Without a party the sum that comes out is
# spread around 0, with it around $S$, which is 1 here. An attacker sees one number and says "it was there" or "it was not".

# %%
from fedlab.lessons import two_bells

show(
    pictures.bells(sigma=1.0, epsilons=(1, 3)),
    alt="Left: two bell curves, a clip apart, which overlap. Right: how often the best attacker names those who were there, "
    "against how often it names those who were not; the curve stays below two lines, one for each pair of epsilon and delta.",
)

# %% [markdown]
# $(\varepsilon, \delta)$ is a promise about all attackers at once, also those nobody has thought of:
#
# $$\text{TPR} \le e^{\varepsilon} \, \text{FPR} + \delta$$
#
# and for the noise above it holds exactly from this $\delta$ on:
# $\;\delta(\varepsilon) = \Phi\!\left(\tfrac{1}{2\sigma} - \varepsilon\sigma\right) - e^{\varepsilon}\,
# \Phi\!\left(-\tfrac{1}{2\sigma} - \varepsilon\sigma\right)$. In the kit the sums of many rounds, and the draw of who takes part, are
# reckoned by Google's library dp-accounting.

# %%
from fedlab.accounting import Release, epsilon
from fedlab.stages.privacy import PartyPrivacy

show_lines(
    {
        r"clip: $u_k \min(1, S / \|u_k\|)$": (PartyPrivacy._clipped, "min(1.0"),
        r"noise: $+\,\sigma S\, N(0, 1)$": (PartyPrivacy._noisy, "standard_normal"),
        r"the denominator is fixed: $C K$": (PartyPrivacy.at_server, "len(parties) / at.expected"),
        r"$\delta(\varepsilon)$": (two_bells.delta_of, "BELL.cdf(half"),
    }
)

# %% jupyter={"source_hidden": true}
by_hand, by_library = two_bells.epsilon_of(1e-5, 1.0), epsilon({Release(1.0, 1.0): 1}, 1e-5)
claim("ε of one release with σ = 1 and δ = 1e-5, by the formula and by the library, differ by",
      abs(by_hand - by_library), below=1e-4)  # fmt: skip
plans = {
    "one round, everybody": (Release(0.55, 1.0), 1, 1e-3),
    "20 rounds, everybody": (Release(0.55, 1.0), 20, 1e-3),
    "20 rounds, a tenth takes part: the lab's 100 parties": (Release(0.55, 0.1), 20, 1e-3),
    "20 rounds, σ = 1, a hundredth takes part: the lab's 10,000": (Release(1.0, 0.01), 20, 1e-5),
}
show_table(
    [
        {"what is released": name, "σ": release.noise, "ε": epsilon({release: times}, delta)}
        for name, (release, times, delta) in plans.items()
    ],
    "What rounds and chance do to ε",
    digits=2,
)

# %% [markdown]
# **Every release costs.** Twenty rounds are twenty chances to look. **Chance helps.** Who may not have been asked at all is hidden
# better; and a crowd can ask few. **And the crowd helps again**: the noise on the *mean* is $\sigma S / (C K)$, so the same $\sigma$ is
# ten times less where a hundred take part and not ten.
#
# What size does one need? Here all parties hold 600 images, a tenth of them takes part, for 20 rounds. 100 parties are real. 10,000 and a
# million are these hundred, with noise on the mean as small as it would be there. Each point has the clip that was best for it.

# %% jupyter={"source_hidden": true}
fedavg = published.sizes()[0].mean
show(
    pictures.sizes(published.lines_of_sizes(), fedavg),
    alt="Test accuracy against epsilon on a logarithmic axis. 100 parties: a curve that falls steeply to the left of epsilon 8. "
    "10,000 and a million parties: flat, at the height of FedAvg.",
)
show_table(published.rows_of_sizes(), "Test accuracy after 20 rounds, by clip; FedAvg has 93 %", exact=True)

# %% [markdown]
# **A hundred parties pay, and the clip decides how much.** With ε = 8 the best clip costs 6 points, and one three times as long costs
# twenty. With ε = 1 it is 25 at best, and the seeds differ by ten. **Ten thousand pay nothing that one can see.** Is ε = 8 little? $e^8$ is 3,000: whatever somebody concludes
# from the model may have become 3,000 times as likely because a party took part. People write down such numbers because the attacks
# we know get much less. Which brings us to a trap.
#
# ## A little noise
#
# Let the parties add noise of their own again, less and less of it. The first columns are the attack from above, on a batch of 1 and
# of 8. An image *can be read* if it is off by less than 0.1.

# %% jupyter={"source_hidden": true}
safe = predict(
    "With σ = 0.01 our attack reads nothing any more, and the model is as good as without noise. Is it private now?",
    ["yes: nothing can be read", "no"],
    why="Nothing can be read by *us*. The promise is about all attackers, and its ε here is about 100,000.",
)
safe

# %% jupyter={"source_hidden": true}
show_table(published.noise(), "Noise of each party's own, clip 1", exact=True)
safe.compare("no")

# %% [markdown]
# **What stops an attack is not what makes a promise.** Where ε begins to mean something, at the bottom, nothing is learned any more. That
# is why one wants the noise added once, to the sum, by somebody who is trusted; or by all parties together, each a little, under
# masks.

# %% [markdown]
# ## Who was in it?
#
# There is a question that needs no update at all, only the finished model: **was this image in the training data?** A model
# knows by heart what it has seen too often. So an attacker says "it was" wherever the loss is small. How much better that
# is than tossing a coin is the *advantage*, TPR − FPR. The plainest attacker says it of every image that the model has right. Its
# advantage is exactly the training accuracy minus the test accuracy: **overfitting is what leaks.**

# %% jupyter={"source_hidden": true}
show(
    pictures.members(published.dots(), 0.01),
    alt="Advantage of the attack against epsilon: all dots lie under a line that rises from 20 percent at 0.4 to 100 percent "
    "beyond 8. For small epsilon the dots lie at 5 percent, without noise between 20 and 35.",
)
claim("Dots above the line", sum(dot.advantage > dot.line for dot in published.dots()), equals=0)
show_table(
    published.members("softmax"), "Ten parties, 20 images each, known by heart; softmax, three seeds", exact=True
)

# %% [markdown]
# **Without noise** the attacker is nearly 30 points better than a coin. **With an ε of 64 or more** hardly less: the promise allows 100
# points, and the attack takes what it can get. **With an ε of 8** it has 13 points left, and the model 51 % of its digits instead of 78: 200
# images are few. **With an ε of 2 or less** it has about 5, which is what the best of 200 thresholds finds by luck. The line is a ceiling for
# all attacks. A dot far below it may mean that privacy is good, or that our attack is bad; from the outside one cannot tell.
#
# The promise is about *parties*. Why does it cover an image? Whoever can tell that an image was in the data can tell that its party took
# part.

# %% [markdown]
# ## What each costs
#
# One table for all of it. A hundred parties hold 8 images each; ten a round take five steps on their 8, for 50 rounds.

# %% jupyter={"source_hidden": true}
show_table(published.stops(), "What stops the attack, and what it costs; uploads of round 1, three seeds", exact=True)

# %% [markdown]
# Read it row by row: what does the server see, what do others see, what is promised? Only one row hides the single upload *and* promises
# something about the model: **masks and noise at the server**, together.

# %% [markdown] tags=["exercise"]
# ## Exercises
#
# Write your code in place of `raise NotImplementedError()`, run the cell, then run the check below it. A check tells
# you what is wrong; it does not know the answer, only what must be true of it.

# %% tags=["exercise"]
import numpy as np

from fedlab import Experiment
from fedlab.lessons import checks_07 as check

# %% [markdown] tags=["exercise"]
# **1. Images out of an update.** `kernel` is the change of the first layer's weights, an array of a row for each pixel and a column for
# each unit. `bias` is the change of its biases, a number for each unit. Return an array with a row for each unit **whose bias has
# moved, up or down**, and in it what that unit gives away. Leave out the others. (`a[:, chosen]` takes columns, `a.T` turns an array.)


# %% nbgrader={"grade": false, "grade_id": "images-in", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["exercise"]
def images_in(kernel, bias):
    ### BEGIN SOLUTION
    moved = bias != 0
    return (kernel[:, moved] / bias[moved]).T
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "images-in-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false} tags=["exercise"]
check.check_images_in(images_in)

# %% [markdown] tags=["exercise"]
# **2. A masked message.** `x` are the numbers of party number `party`, an array of `uint32`. `agreed` is a dictionary: for each other
# party, by its number, the mask that both have agreed on. `own` is the party's own mask. Return what travels. Of two parties the one with the
# lower number adds their mask. (Arrays of `uint32` begin again at 0 by themselves when a sum passes $2^{32} - 1$.)


# %% nbgrader={"grade": false, "grade_id": "masked", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["exercise"]
def masked(x, party, agreed, own):
    ### BEGIN SOLUTION
    y = x + own
    for other, mask in agreed.items():
        y = y + mask if party < other else y - mask
    return y
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "masked-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false} tags=["exercise"]
check.check_masked(masked)

# %% [markdown] tags=["exercise"]
# **3. A private mean.** `updates` has a row for each party that came. Clip each row to the length `S`, add them up, add noise with
# the standard deviation $\sigma S$ to each weight of the sum, and divide by `expected`, the number that was *expected* to come.
# `rng.standard_normal(n)` draws `n` numbers with the standard deviation 1.


# %% nbgrader={"grade": false, "grade_id": "private-mean", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["exercise"]
def private_mean(updates, S, sigma, expected, rng):
    ### BEGIN SOLUTION
    total = np.zeros(updates.shape[1])
    for update in updates:
        total = total + update * min(1, S / np.linalg.norm(update))
    return (total + sigma * S * rng.standard_normal(len(total))) / expected
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "private-mean-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false} tags=["exercise"]
check.check_private_mean(private_mean)

# %% [markdown] tags=["exercise"]
# **4. A budget of ε.** The lab's hundred parties, `base`, spend an ε of 2.1 and get 40 % right. Stay **at or below ε = 2** and end with at
# least **72 %** of the test images right. All parties together may send **300 megabytes** up. You may choose `rounds`, `participation`,
# `local_epochs`, `batch_size`, `learning_rate`, `dp_clip` and `dp_noise`. More parties a round make the mean less noisy; but they are
# asked more often, and each of them sends. The check runs your choice with two seeds.


# %% nbgrader={"grade": false, "grade_id": "choose-noise", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["exercise"]
def choose_noise():
    base = Experiment(
        parties=100, examples=6_000, participation=0.1, local_epochs=5, rounds=20,
        privacy="dp", dp_clip=1.0, dp_noise=1.0, dp_delta=1e-3,
    )  # fmt: skip
    ### BEGIN SOLUTION
    return base.with_(participation=0.5, rounds=7, dp_noise=2.2, dp_clip=0.4)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "choose-noise-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false} tags=["exercise"]
check.check_choose_noise(choose_noise)

# %% [markdown] tags=["exercise"]
# **To think about.** The noise hides whether a *party* took part. What would one promise if a bank has a thousand customers, and each
# customer is to be hidden? What would be clipped then, and who would add the noise?

# %% [markdown]
# ## What this does not show
#
# - **Stronger attacks.** Ours is linear algebra. Others guess an image, compute its gradient, and improve the guess until it fits (*Deep
#   leakage from gradients*). They also read through convolutions, and through larger batches. What they need is a model that has just
#   begun to train, and patience.
# - **A server that sends a bad model.** It may choose weights such that each unit is on for few images. Then a batch of a hundred
#   does not protect either.
# - **Encryption on the line.** We speak of what the *server* sees. A line has to be sealed anyhow.
# - **Signed keys.** A server that hands out keys of its own, in the parties' names, reads everything. The paper has signatures against that.
# - **Tuning costs too.** Each run you look at is a release. We chose the clips by looking.
# - **Fewer bits are no privacy.** Codes of lesson 06 lose a lot. What they keep may still show a face.
# - **One kind of model, one kind of data.** Digits are white strokes on black, and a relu is off for many of them. Elsewhere the shares
#   differ.
#
# ## Words
#
# - **Leakage**: what a message tells beyond what it is for.
# - **Secure aggregation**, **masks**: the server reads a sum, and no part of it. **Shamir's shares**: any $t$ of them give a secret back,
#   $t - 1$ tell nothing.
# - **Differential privacy**, $(\varepsilon, \delta)$: whatever is concluded, it would be concluded almost as likely without this party.
# - **Clip** $S$: the longest update that counts whole. **Noise** $\sigma$: in units of $S$.
# - **Membership inference**: telling whether something was in the training data. **Advantage**: TPR − FPR.
# - **Accountant**: adds up what releases have given away.
#
# ## Where next
#
# - The code: `fedlab/attacks_on_privacy.py`, `fedlab/stages/secure_sum.py`, `fedlab/stages/privacy.py`: one sitting each.
# - Small messages: [06 What talking costs](06_what_talking_costs.ipynb).
# - Images from updates: F. Boenisch and 5 others, *When the Curious Abandon Honesty*, 2021, [arXiv
#   2112.02918](https://arxiv.org/abs/2112.02918); L. Zhu, Z. Liu and S. Han, *Deep Leakage from Gradients*, 2019, [arXiv
#   1906.08935](https://arxiv.org/abs/1906.08935); labels: B. Zhao, K. R. Mopuri and H. Bilen, *iDLG*, 2020, [arXiv
#   2001.02610](https://arxiv.org/abs/2001.02610).
# - Masks: K. Bonawitz and 7 others, *Practical Secure Aggregation for Privacy-Preserving Machine Learning*, 2017, [IACR
#   2017/281](https://eprint.iacr.org/2017/281).
# - Noise: H. B. McMahan, D. Ramage, K. Talwar and L. Zhang, *Learning Differentially Private Recurrent Language Models*, 2018,
#   [arXiv 1710.06963](https://arxiv.org/abs/1710.06963); the formula of one release: B. Balle and Y.-X. Wang, 2018, [arXiv
#   1805.06530](https://arxiv.org/abs/1805.06530).
# - Membership: S. Yeom, I. Giacomelli, M. Fredrikson and S. Jha, *Privacy Risk in Machine Learning*, 2018, [arXiv
#   1709.01604](https://arxiv.org/abs/1709.01604).
