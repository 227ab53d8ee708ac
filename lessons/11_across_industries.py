# %% [markdown]
# # 11 Across industries: the same people, other columns
#
# So far all parties knew the same things about different people. Now they know **different things about the same people**: a bank and a
# shop, a hospital and a laboratory. Nobody has a whole row, and all the same they train one model.
#
# After this lesson you will be able to
#
# 1. find whom two parties both know without a list of names, and break the way that most people would take instead,
# 2. train a model in pieces, and say why it is the model that one place would have,
# 3. say who adds what, what each should earn, what comes out through the cut, and what to agree on before you start.
#
# About 40 minutes, and 20 for the exercises.

# %% [markdown] tags=["notebook"]
# Run the grey boxes from the top, with Shift+Enter or *Run > Run All Cells*. The questions wait for your answer.

# %% [markdown]
# ## Before you start
#
# 297 patients of a clinic in Cleveland. Is an artery of the heart narrowed? Four parties measured something about each of them:
#
# | party | what it holds |
# | --- | --- |
# | the doctor, who also knows the answer | age, sex, kind of chest pain, blood pressure |
# | the laboratory | cholesterol, sugar |
# | the cardiologist | five columns from electrocardiograms, at rest and at work |
# | imaging | vessels seen in the X-ray, blood flow through the heart |
#
# How good a model is we say by its **AUC**: how often it finds an ill patient more likely to be ill than a healthy one. 1 is always, 0.5 is
# a coin. Alone, the doctor reaches about 0.83.

# %% jupyter={"source_hidden": true}
from fedlab.lessons import claims_11 as promised
from fedlab_widgets import predict

most = predict(
    "One of the other three may join the doctor. Who adds most?",
    promised.MOST,
    why={
        promised.MOST[
            0
        ]: "Everybody has heard of cholesterol. Among patients who are sent for an X-ray of the heart it says next to nothing.",
        promised.MOST[
            1
        ]: "Five columns are more than two, but part of what they say the doctor's chest pain has said already.",
    },
)
most

# %% jupyter={"source_hidden": true}
laboratory = predict(
    "And if it is the laboratory that joins? On patients that nobody has trained on, the model is …",
    promised.LABORATORY,
    why="Columns that say nothing new bring no gain, only a few more weights to get wrong.",
)
laboratory

# %% [markdown]
# ## Whom do both know?
#
# Before anything can be trained, the rows must be put side by side. A bank and a shop want to know **which customers they share**, and
# neither may learn who the other's customers are besides.

# %%
bank = ["01715550", "01713141", "01712718", "01711618", "01718128", "01719999"]
shop = ["01712718", "01710042", "01719999", "01714242", "01713141"]

# %% [markdown]
# The first idea of most people: send hashes instead of numbers. A hash cannot be turned back. But **one can hash all the numbers that there are**,
# and look. Here is the shop's list, as hashes, and the bank as the attacker. It tries the 10,000 numbers that begin with 0171; at the speed
# of the table below, a thousand million take 40 minutes.

# %%
from fedlab.vertical import intersection as psi

sent = [psi.bare_hash(number) for number in shop]
print("the shop sends", sent[0][:32], "and four more like it")

found = psi.unhashed(sent, psi.phone_numbers("0171", digits=4))
print("the bank reads", sorted(found.values()))

# %% jupyter={"source_hidden": true}
from fedlab.lessons import claim

claim("Of the shop's five customers the bank knows by now", len(found), equals=5)

# %% [markdown]
# What is missing is a **secret**. Each party takes a number of its own, $a$ and $b$, and raises what it sees to that power, modulo a large
# prime $p$. Powers can be taken in any order:
#
# $$\left(H(x)^a\right)^b = \left(H(x)^b\right)^a \pmod p$$
#
# So a name that both have becomes the same number, once it has been to both. A number that has been to one party only tells nothing to
# whoever lacks that party's secret. This is **private set intersection**, in twenty lines:

# %%
from fedlab_widgets import show_source

show_source(psi.secret, psi.hashed, psi.blinded, psi.intersection)

# %%
shared = psi.intersection(bank, shop)
print("both know", shared)

key = psi.secret()
crossed = [f"{number:x}" for number in psi.blinded(map(psi.hashed, shop), key)]
again = psi.unhashed(crossed, psi.phone_numbers("0171", digits=4))

# %% jupyter={"source_hidden": true}
claim("Customers that both know", len(shared), equals=3)
claim("Customers that the attack reads from what crossed now", len(again), equals=0)

# %% [markdown]
# The bank learns the three, and tells the shop. Each also learns how many names the other has. That is not nothing: both now know that
# somebody is a customer of *both*. And whoever asks for all phone numbers finds everybody; somebody must count the names, and ask where they
# come from.
#
# Ours is to be read. When it counts, take a library that others have examined, such as OpenMined's:

# %% tags=["nbval-ignore-output"]
try:
    print("OpenMined's library finds", psi.openmined(bank, shop))
except ImportError as missing:
    print("○", missing)

# %% jupyter={"source_hidden": true}
from fedlab.lessons import published_11 as published
from fedlab_widgets import show_table

show_table(published.intersections(), "Seconds on one core; python -m benchmarks.vertical psi", digits=2, exact=True)

# %% [markdown]
# ## One model, in pieces
#
# The rows are side by side now, each piece in its own house. Logistic regression adds up columns times weights. **A sum can be made in
# pieces**: each party $k$ adds up its own columns, $h_k = x_k w_k$, and sends that one number about each patient. The label holder adds the
# numbers, compares with the label, and sends back how the loss changes, $d$. Each party takes its own step with it.

# %%
from fedlab.vertical.split import Bottom, Top, slope_of_loss
from fedlab_widgets import show_lines

show_lines(
    {
        r"up: $h_k = x_k w_k$": (Bottom.forward, "x @ self.w"),
        r"the label holder: $z = \sum_k h_k + b$": (Top.forward, "np.sum(h"),
        r"down: $d = (p - y) / B$, $p$ the sigmoid of $z$": (slope_of_loss, "return (p - y"),
        r"each party: $w_k \leftarrow w_k - \eta\, x_k^\top d$": (Bottom.backward, "rate * x.T"),
    }
)

# %% [markdown]
# Put all columns in one place: $x = (x_1, x_2, \dots)$. The slope of the loss there is $x^\top d$, and the rows of it that belong to party $k$ are
# $x_k^\top d$. **The step in pieces is the central step.** Nothing is approximated, and there is no drift. Twenty steps, four
# parties, and every weight beside the one of a model on the whole table:

# %%
import numpy as np

apart, in_one_place = promised.weights_apart_and_in_one_place()
difference = float(np.abs(apart - in_one_place).max())
claim("The largest difference of any weight after 20 rounds", difference, below=1e-6)

# %% [markdown]
# What is left is rounding: numbers cross as float32. A network is cut the same way: each party has a first layer of its own, $h_k$ is $c$ numbers
# instead of one, and $d_k = d\,V_k^\top$ comes back. The chain rule does not ask in which house a layer stands.
#
# ## Play with it
#
# Blue bars can be trained. Hatched ones are what a party would reach alone **if it knew the labels, and it does not**. To the right: the model
# by round, and how well an attacking party reads the labels.

# %%
from fedlab_widgets import Vertical

Vertical()

# %% [markdown]
# 1. Untick all but the doctor and the laboratory. Then the doctor and imaging.
# 2. All four, and **share of people whom all know** down to 0.05. When is the doctor better off alone?
# 3. Take the **split network**. Is it better? Move **c**, and read the bytes below.
# 4. **Noise on the way back** up, until the orange line falls. What does the blue one do?
# 5. **Who knows the label**: imaging. What changes, and who would be the one to ask the other three?
# 6. Take the **digits**, left and right half. Halves of a picture need each other; how much is one half worth alone?

# %% [markdown]
# ## Who adds what
#
# One run misleads with 297 patients. So: five seeds, and for each seed five folds, so that every patient is tested once.

# %%
from fedlab.lessons import pictures_11 as pictures
from fedlab_widgets import show

names = ["the doctor alone", "and the laboratory", "and the cardiologist", "and imaging", "all four"]
scores = {name: promised.scores(columns) for name, columns in zip(names, promised.SETS, strict=True)}
show(
    pictures.sets(scores),
    alt="AUC of five sets of parties, five seeds each. The doctor with the laboratory is no better than the doctor alone. With the "
    "cardiologist it is better, with imaging better still, and all four are best.",
)
most.compare(promised.adds_most())
laboratory.compare(promised.laboratory_adds())

# %% jupyter={"source_hidden": true}
means = {name: np.mean(own) for name, own in scores.items()}
claim("All four are ahead of the doctor alone by", means["all four"] - means["the doctor alone"], above=0.06)
claim("Imaging adds", means["and imaging"] - means["the doctor alone"], above=0.04)
claim("The laboratory adds", means["and the laboratory"] - means["the doctor alone"], below=0.01)

# %% [markdown]
# With ten seeds (`python -m benchmarks.vertical coalitions`) the doctor alone has 0.835, with the laboratory 0.831, with imaging 0.893, and all
# four 0.910. Leave the laboratory out of the four, and it is 0.912. **Whether columns are worth joining for cannot be seen from their
# names, or their number.** It has to be tried, and trying takes a contract already.
#
# And what did not come out: a split network has 0.900, less than logistic regression. 237 patients to train on are few for it.

# %% [markdown]
# ## Columns won, rows lost
#
# A bank's customers are not all in that shop. Only those whom *all* parties know can train the joint model. The doctor alone can use all
# patients. So columns have a price in rows.

# %% jupyter={"source_hidden": true}
show(
    pictures.overlap(*published.overlaps()),
    alt="AUC of all four together against the share of patients whom all know, ten seeds. At a twentieth it is hardly above the doctor "
    "alone, and it varies a lot. It rises steeply to a fifth and slowly from there.",
)

# %% [markdown]
# With a twentieth of the patients, twelve people, the four together have 0.840 and the doctor alone 0.835: less than the spread between
# seeds. With a fifth it is 0.883. The more parties, the smaller the part whom *all* know.

# %% [markdown]
# ## What should each earn?
#
# The model is sold; who gets what? *What all lose without you* pays nobody for what two parties both know. *What you reach alone* pays for it
# twice. The **Shapley value** lets the parties arrive in every order, and pays each the mean of what it added as it came:
#
# $$\varphi_k = \sum_{S \not\ni k} \frac{|S|!\,(K-|S|-1)!}{K!}\,\bigl(v(S \cup k) - v(S)\bigr)$$
#
# Here $v(S)$ is the AUC of the parties in $S$, and $v$ of nobody is 0.5, a coin. It is the only rule that gives nothing for nothing, the same for
# equals, adds up to the whole, and does not depend on whether two tasks are paid together or apart.

# %% jupyter={"source_hidden": true}
show_table(
    published.earnings(), "Four parties, ten seeds; python -m benchmarks.vertical coalitions", digits=3, exact=True
)

# %% [markdown]
# Imaging should get 37 % and the laboratory 1 %. That 1 % is not for anything that the four need: without the laboratory they are a little
# better. It is for the orders in which it comes first, where 0.528 is more than a coin. And **the label counts as a gift here**: no set of parties could train
# without whoever holds it, and the doctor is paid for four columns only. What the label is worth must be agreed by other means.

# %% [markdown]
# ## What comes out through the cut
#
# No column has crossed, and no label. What came back to imaging in each round is one number about each patient.

# %% jupyter={"source_hidden": true}
leak = predict(
    "Imaging knows no label. After one round, of how many of the patients can it tell from that one number whether they are ill?",
    unit="%",
    why="The number is (p − y) / n, and p lies between 0 and 1. What is its sign when y is 1?",
)
leak

# %%
back, y = promised.came_back(rounds=1)
read = (back < 0).astype(int)
leak.compare(100 * float((read == y).mean()))

# %% jupyter={"source_hidden": true}
claim("Labels that are read wrongly", int((read != y).sum()), equals=0)
show(
    pictures.heaps({f"round 10, noise t = {t}": promised.came_back(10, t) for t in (0, 3)}),
    alt="What came back to imaging about each patient in round 10, as heaps. Without noise all who are ill lie to the left of zero and all "
    "who are healthy to the right. With noise the two heaps overlap.",
)

# %% [markdown]
# **All of them, from the sign.** With logistic regression the cut gives every label to every party, in the first round. A network sends back $d\,V_k^\top$:
# the sign of $V_k$ is not known, but all those with the label point one way and the others the opposite way. Who knows a few patients
# knows them all; our attacker knows five of each kind.
#
# A simple remedy is **noise** on what goes back: $t$ times the power of the largest gradient, equal in all directions. What does it buy?

# %% jupyter={"source_hidden": true}
show(
    pictures.noise(
        {"logistic regression": published.noise("logistic"), "split network": published.noise("network")},
        published.auc("doctor"),
    ),
    alt="Two panels: AUC of the model and of the labels read after 50 rounds, against the noise from 0 to 100. In both panels the labels are "
    "read almost all the same up to a noise of 1. With more noise both curves fall. In logistic regression the model falls below the doctor alone "
    "while labels are still read better than by a coin.",
)

# %% [markdown]
# It buys little here. After 50 rounds (ten seeds, five folds), with $t = 10$ the labels are still read with an AUC of 0.80, and the model has lost
# two hundredths. With $t = 100$ it is 0.65, and the model has 0.824: **less than the doctor alone**, who gives nothing away. The network stands noise better,
# 0.884, and gives more away, 0.71. The reason is that noise is drawn anew in each round and the label is not: who adds up fifty rounds
# gets rid of much of it. Fewer rounds give away less.
#
# One attack of Li and others fails here. It says: the *longer* the gradient, the likelier the rare label. Here nearly half are ill, no label is
# rare, and it does hardly better than a coin (0.50 to 0.56). With fraud at the bank it would be another matter.
#
# ## What crosses, in bytes

# %% jupyter={"source_hidden": true}
show_table(published.sent(), "237 patients, four parties, three of them away; bytes", exact=True)

# %% [markdown]
# The columns themselves would be 11 kB. Twenty rounds of logistic regression take ten times as much, of a
# network with $c = 4$ forty times. **Splitting saves
# no bytes.** It keeps columns at home, and that is all it is for. And it goes on after training: each question about a new patient takes all
# four again, each with its $h_k$. If one of them leaves, the model is gone.

# %% [markdown]
# ## Who must agree on what
#
# Between industries the mathematics is the short part. Here is a sheet as two parties would have to fill it in, before the first name is
# blinded. The middle column is a bank and a shop, as an example. Fill in the right one for
# the doctor and the laboratory: on paper, or with a double click on the text.
#
# | ask | bank and shop | doctor and laboratory |
# | --- | --- | --- |
# | What for, and what not? | to find fraud with cards; not to set interest | . . . . . . . . . . . . . . . |
# | Which people, and have they agreed? | customers of both who ticked the box at both | . . . . . . . . . . . . . . . |
# | By what are they matched? Who counts the names? | phone number, with private set intersection; at most 10,000 names a day | . . . . . . . . . . . . . . . |
# | Which columns, each by name? | shop: kind of goods, hour, place; no names of goods | . . . . . . . . . . . . . . . |
# | Who holds the label, and who may learn it? | bank; the shop may not, so noise, and 20 rounds at most | . . . . . . . . . . . . . . . |
# | What crosses, each way, and who checks it? | 4 bytes a customer and round each way; both keep a log | . . . . . . . . . . . . . . . |
# | What is it worth alone, and together? Who tried? | a trial with 1,000 customers, counted by both | . . . . . . . . . . . . . . . |
# | Who is paid what? | by Shapley value, counted anew each year | . . . . . . . . . . . . . . . |
# | Who may ask the model, and who answers if one is away? | bank only; without the shop it uses its own model | . . . . . . . . . . . . . . . |
# | How does one leave? What is deleted? | a month's notice; each deletes its piece; the names of both | . . . . . . . . . . . . . . . |
#
# If you cannot fill in a line, you have found what to talk about first.

# %% [markdown] tags=["exercise"]
# ## Exercises
#
# Write your code in place of `raise NotImplementedError()`, run the cell, then run the check below it. A check tells
# you what is wrong; it does not know the answer, only what must be true of it.

# %% tags=["exercise"]
from itertools import permutations

import numpy as np

from fedlab.lessons import checks_11 as check

# %% [markdown] tags=["exercise"]
# **1. Whom do both know?** You are the bank; `a` is your secret and `p` the prime. `ours` is a list of your names. `returned` is what came back
# of them: $H^{ab}$ of each, in your order. `received` is what the shop sent of its names: $H^b$ of each, in an order that says nothing.
# Return a list of those of your names that both know. (`pow(x, a, p)` is $x^a$ modulo $p$.)


# %% nbgrader={"grade": false, "grade_id": "in-both", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["exercise"]
def in_both(ours, returned, received, a, p):
    ### BEGIN SOLUTION
    twice = {pow(number, a, p) for number in received}
    return [name for name, number in zip(ours, returned, strict=True) if number in twice]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "in-both-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false} tags=["exercise"]
check.check_in_both(in_both)

# %% [markdown] tags=["exercise"]
# **2. A party's step.** You are imaging. `w` is an array of your weights, (columns, 1). `x` is an array of your columns, a row for each patient. `back` is what came
# back about the same patients, $(p - y)/n$, (patients, 1). Return the new weights, for the learning rate `rate`.


# %% nbgrader={"grade": false, "grade_id": "own-step", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["exercise"]
def own_step(w, x, back, rate):
    ### BEGIN SOLUTION
    return w - rate * x.T @ back
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "own-step-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false} tags=["exercise"]
check.check_own_step(own_step)

# %% [markdown] tags=["exercise"]
# **3. Read the labels.** You are still imaging, and curious. `back` is an array with one number about each person, $(p - y)/n$. Return an array
# of their labels, 0 or 1. In this bank hardly anybody has the label 1.


# %% nbgrader={"grade": false, "grade_id": "labels-read", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["exercise"]
def labels_read(back):
    ### BEGIN SOLUTION
    return (back < 0).astype(int)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "labels-read-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false} tags=["exercise"]
check.check_labels_read(labels_read)

# %% [markdown] tags=["exercise"]
# **4. What should each earn?** `value` says what each set of parties is worth: `value[frozenset({"bank", "shop"})]` is a number, and
# `value[frozenset()]` is what nobody is worth. `parties` is a list of all names. Return the Shapley value of `party`: the mean, over all orders in which the
# parties may come, of what is more when it comes. (`permutations(parties)` gives all orders.)


# %% nbgrader={"grade": false, "grade_id": "earns", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["exercise"]
def earns(party, parties, value):
    ### BEGIN SOLUTION
    added = []
    for order in permutations(parties):
        before = frozenset(order[: order.index(party)])
        added.append(value[before | {party}] - value[before])
    return sum(added) / len(added)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "earns-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false} tags=["exercise"]
check.check_earns(earns)

# %% [markdown] tags=["exercise"]
# **To think about.** The laboratory copies imaging's columns and joins as well. What happens to imaging's Shapley value? And how would anybody notice, if no
# column ever crosses?

# %% [markdown]
# ## What this does not show
#
# - **Four real owners.** The 297 patients were all measured in one clinic. We dealt the columns out. Real parties measure at other times, and
#   match wrong people: a false match is a false row, and nothing here counts them.
# - **A bank and a shop.** There is no open data of two such companies about the same people, or none that we may show. Their numbers are made up.
# - **Parties that lie.** Ours follow the rules. In the intersection one could ask about people who are no customers; in training one could send what it likes.
# - **Encryption of the cut.** There are ways to add up $h_k$ without anybody seeing one (Hardy and others encrypt them). They cost more, and what the finished model tells
#   stays.
# - **What columns give away.** We looked at labels. The label holder sees $h_k$ too, and can guess at columns from it.
# - **Other people.** One clinic, sent for an X-ray, decades ago. A model of it is not a model of you.
#
# ## Words
#
# - **Vertical**: split by columns. **Horizontal**: split by people, as in all lessons before.
# - **Private set intersection**: finding whom both know, and nothing about others.
# - **Cut**, **bottom**, **top**: where the model is divided; a party's part; the label holder's.
# - **Label holder**: the party that knows what is to be predicted.
# - **AUC**: how often one with the label scores higher than one without.
# - **Shapley value**: what a party adds, on average over all orders of arrival.
#
# ## Where next
#
# - Other readings of what crosses: [07 What the server can see](07_what_the_server_sees.ipynb).
# - The code: `fedlab/vertical/`, and `benchmarks/vertical.py` for all figures of this page that no cell makes.
# - The data: Heart Disease, by Andras Janosi (Budapest), William Steinbrunn (Zurich), Matthias Pfisterer (Basel) and Robert Detrano (Long Beach and
#   Cleveland), from the UCI Machine Learning Repository; licence CC BY 4.0. We took the 297 of Cleveland's 303 patients who have no missing value.
# - Labels through the cut: O. Li, J. Sun, X. Yang, W. Gao, H. Zhang, J. Xie, V. Smith and C. Wang, *Label Leakage and Protection in Two-party Split Learning*,
#   2021, [arXiv 2102.08504](https://arxiv.org/abs/2102.08504).
# - Matching and encrypted training: S. Hardy and others, *Private federated learning on vertically partitioned data via entity resolution and additively homomorphic
#   encryption*, 2017, [arXiv 1711.10677](https://arxiv.org/abs/1711.10677).
# - Faster intersections: B. Pinkas, T. Schneider and M. Zohner, *Scalable Private Set Intersection Based on OT Extension*, 2016,
#   [ePrint 2016/930](https://eprint.iacr.org/2016/930). The one above: B. Huberman, M. Franklin and T. Hogg, *Enhancing Privacy and Trust in Electronic
#   Communities*, 1999.
# - The split network: P. Vepakomma, O. Gupta, T. Swedish and R. Raskar, *Split learning for health*, 2018, [arXiv
#   1812.00564](https://arxiv.org/abs/1812.00564).
