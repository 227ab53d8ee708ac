# %% [markdown]
# # 10 Four fields: and for whom it was not worth it
#
# Four hospitals, nine regions of a lender, 28 car parks, fifteen voices. The data are real, and so are the owners. You train a shared
# model in each field, and ask each owner: would you have done better alone?
#
# After this lesson you will be able to
#
# 1. fill gaps and scale columns with everybody's mean, although nobody sees a row of another owner,
# 2. say for each owner whether it was worth it, by a measure that fits the question,
# 3. name three ways to do better by those for whom it was not, and say what each of them did here.
#
# About 45 minutes, and 20 for the exercises. Each field can be read alone.

# %% [markdown] tags=["notebook"]
# Run the grey boxes from the top, with Shift+Enter or *Run > Run All Cells*. The questions wait for your answer.

# %% [markdown]
# ## Before you start
#
# **Health.** 920 patients who were sent for a picture of their heart, at four hospitals: Cleveland, Budapest (*Hungary*), Zurich and Basel
# (*Switzerland*), Long Beach. Ten measurements each; the question is whether an artery is narrowed. A fifth of each hospital's patients is
# kept to test. The hospitals differ: 36 % of the Hungarian patients are ill, and 93 % of the Swiss.

# %% jupyter={"source_hidden": true}
from fedlab.lessons import claims_10 as promised
from fedlab_widgets import predict

guess = predict(
    "Each hospital compares two models on its own held-out patients: the one it trains alone, and the one that all four share. For how "
    "many of the four has the shared one more right, on average over ten splits?",
    promised.COUNTS,
    why="Three of the four have enough patients for ten measurements, or patients unlike the others'. Look at the table.",
)
guess

# %% [markdown]
# ## Health: four hospitals
#
# The map in the lab shows who owns what: a row for each hospital, a column for healthy and for ill. The model is logistic regression.

# %%
from fedlab_widgets import Lab, Task

lab = Lab(
    promised.HEART,
    controls=["algorithm", "rounds", "seed"],
    prediction=guess,
    tasks=[
        Task("**The four together**: press **Run**.", promised.HEART),
        Task("**All patients in one place**, which the law may forbid.", promised.HEART_IN_ONE_PLACE),
        Task(
            "Open **Behind the accuracy**, choose run 1, press **Look**, and find each hospital: alone, shared, personal."
        ),
    ],
)
lab

# %% jupyter={"source_hidden": true}
from fedlab_widgets import claims

claims(lab, [promised.HEART, promised.HEART_IN_ONE_PLACE], promised.OF_HEART)

# %% [markdown]
# Federated is as good as pooled. That is the sentence that papers report. Now for each hospital, on held-out patients of its own: the mean of
# ten splits, made by `python -m benchmarks.fields`. *Personal* is the shared model after five epochs more on one's own patients.

# %% jupyter={"source_hidden": true}
from fedlab.lessons import pictures_10 as pictures
from fedlab.lessons import published_10 as published
from fedlab_widgets import show, show_table

show_table(published.whom("heart", "accuracy"), "Own held-out patients right, %; ten splits", exact=True)
show(
    pictures.worth(published.owners("heart"), published.by_way("heart", "accuracy"), "own held-out patients right"),
    alt="A row for each hospital with a point for each way. Alone and shared are close for Cleveland and Hungary. For Switzerland shared "
    "lies twelve points below alone, and personal beside alone. For Long Beach shared lies three points above alone.",
)
guess.compare(promised.COUNTS[published.gainers("heart", "accuracy")])

# %% [markdown]
# **For whom was it not worth it?** For Switzerland: it loses twelve points. Nearly all its patients are ill, and a model that learns from
# three other hospitals does not know that: it calls 22 % of the ill Swiss healthy, the own model 4 %. Cleveland and Hungary lose less than a
# point. Only Long Beach gains, three points.
#
# **Five own epochs bring it back.** The personal model is at 88 % in Switzerland, where the own one was. It is the best of all for Cleveland
# and Hungary too.
#
# **But look twice.** With 25 Swiss patients to test, one patient is four points: that is why there are ten splits. And 92 % of them are
# ill: who calls *every* Swiss patient ill beats all these models, and is of no use to anybody. So *right* is not the only measure. By AUC
# (next field) the shared model is ahead for three of four, and Switzerland still loses.
#
# ## How to scale what nobody sees
#
# Age is a number near 50, cholesterol one near 200: a model learns badly until each column has mean 0 and spread 1. And there are gaps: no
# Swiss patient has a cholesterol. Both need a mean over *all* patients. Each hospital sends three numbers for each column:

# %%
from fedlab import scaling
from fedlab_widgets import show_lines

show_lines(
    {
        r"party $k$ sends $n_k,\; s_k = \sum x,\; q_k = \sum x^2$": (scaling.sums, "np.stack"),
        r"server: $\bar x = \sum_k s_k / \sum_k n_k$": (scaling.combined, "mean = "),
        r"$\sigma^2 = \sum_k q_k / \sum_k n_k - \bar x^2$": (scaling.combined, "variance = "),
        r"party: an empty cell becomes $\bar x$; then $(x - \bar x)/\sigma$": (scaling.applied, "np.where"),
    }
)

# %%
import numpy as np

from fedlab.lessons import claim

patients = promised.HEART.data()
of_each = [patients.train_x[patients.owners == hospital] for hospital in range(4)]
sent = [scaling.sums(rows) for rows in of_each]
scale = scaling.combined(sent)
claim("Numbers that each hospital sends", sent[0].size, equals=45)
claim(
    "Farthest from mean and spread of all rows in one place",
    max(
        np.abs(scale.mean - np.nanmean(patients.train_x, axis=0)).max(),
        np.abs(scale.deviation - np.nanstd(patients.train_x, axis=0)).max(),
    ),
    below=1e-6,
)

# %% [markdown]
# The same as in one place, and no row has moved. (15 columns, because what is a name and not a number, such as the kind of chest pain, has
# a column for each.) The server needs only the sums over all hospitals, so the three numbers can travel under the masks of lesson 07. Sent
# plainly, they tell it each hospital's own mean; a hospital with one patient would send the patient.
#
# ## Finance: nine regions of one lender
#
# 9,857 loans of the first quarter of 2016, by where the borrower lives: 18 facts each. **It is one lender, Lending Club, cut into nine
# regions**: no public data set says which *bank* a loan is from. One loan in twenty is late or lost.

# %% jupyter={"source_hidden": true}
rare = predict(
    "A model has learned nothing and says of every loan that it will be repaid. How many of the held-out loans has it right?",
    unit="%",
    why={"more": "One in twenty goes bad.", "less": "Nineteen of twenty are repaid."},
)
rare

# %%
loans = promised.LOANS.data()
rare.compare(round(100 * float((loans.test_y == 0).mean())))

# %% [markdown]
# So accuracy is useless here: a model that has learned nothing is an A student. **AUC** asks another question. Take a bad loan and a good one:
# how often does the model give the bad one the higher risk? 50 % is guessing, 100 % is never wrong.
#
# $$\mathrm{AUC} = \frac{\#\{(i, j):\; y_i = 1,\; y_j = 0,\; z_i > z_j\} + \tfrac12 \#\{z_i = z_j\}}{n_1\, n_0}$$

# %% jupyter={"source_hidden": true}
regions = predict(
    "By AUC on its own held-out loans, for how many of the nine regions is the shared model ahead of the region's own?",
    promised.REGIONS,
    why="A rare event needs many loans, and no region has many bad ones. Look at the table.",
)
regions

# %%
lending = Lab(
    promised.LOANS,
    controls=["algorithm", "rounds", "seed"],
    prediction=regions,
    tasks=[
        Task("**Nine regions together.** The curve is the AUC.", promised.LOANS),
        Task("**All loans in one place.**", promised.LOANS_IN_ONE_PLACE),
    ],
)
lending

# %% jupyter={"source_hidden": true}
claims(lending, [promised.LOANS, promised.LOANS_IN_ONE_PLACE], promised.OF_LOANS)
show_table(published.whom("lending", "AUC"), "AUC on own held-out loans, %; five splits", exact=True)
show(
    pictures.worth(published.owners("lending"), published.by_way("lending", "AUC"), "AUC on own held-out loans"),
    alt="A row for each region. Shared lies to the right of alone in eight of nine, by as much as twenty points in New England. In West "
    "North Central it lies to the left.",
)
regions.compare(promised.REGIONS[published.gainers("lending", "AUC")])

# %% [markdown]
# **This is the clean win**: on average from 63 to 70 %, and eight of nine regions gain. Alone, a region has as few as 14 bad loans to learn
# from: two regions are near 50 %, which is guessing. Here five own epochs *cost* something: from 70 back to 67.
#
# **For whom was it not worth it?** For West North Central, by 4 points; but it has 21 bad loans to learn from and a handful to test, so another
# five splits may say otherwise. And for whoever hoped for much: 70 % is a weak signal. Three pairs in ten are still the wrong way
# round. No federation finds what is not in the columns.
#
# ## Cities: 28 car parks
#
# How full is a car park in Birmingham in an hour: in which quarter? Each of 28 has kept three days of readings, some 45 hours. It knows how
# full it is now, the change in half an hour, the hour and the weekday. The test is on the fifteen days after.

# %% jupyter={"source_hidden": true}
work = predict(
    "One local step a round, on all hours: 77 % after 40 rounds. With thirty steps a round (15 epochs) instead?",
    unit="%",
    rounds=40,
    about=promised.MANY_STEPS,
    why={
        "more": "The car parks fill in different ways: each goes off to its own model, and the mean of the models is no further on.",
        "less": "Drift eats what the work brings, and hardly more.",
    },
)
work

# %%
parks = Lab(
    promised.MANY_STEPS,
    controls=["local_epochs", "batch_size", "learning_rate", "rounds"],
    prediction=work,
    tasks=[
        Task("**Thirty steps** at home a round.", promised.MANY_STEPS),
        Task("**One step** on all hours a round.", promised.ONE_STEP),
        Task("One step, **100 rounds**.", promised.ONE_STEP_LONGER),
    ],
)
parks

# %% jupyter={"source_hidden": true}
claims(parks, [promised.MANY_STEPS, promised.ONE_STEP, promised.ONE_STEP_LONGER], promised.OF_CAR_PARKS)
show_table(published.drift(), "28 car parks, three days each; three seeds, python -m benchmarks.lesson_10", exact=True)

# %% [markdown]
# **Thirty times the work, and the same accuracy, round for round.** And look at the worst car park: with one step it is served better at
# each number of rounds, by 10 to 19 points. (The one step is large, learning rate 1, and on all hours; the thirty are small, 0.1, and on 32 each.)
# This is the drift of lesson 03 with nothing drawn by us: each car park fills in its own way.
#
# **For whom was it not worth it?** For about five of 28. Three days are few, and alone a car park gets 74 % on average. With one step a
# round, the shared model is at 83 % after 100 rounds, as is one from all hours in one place; about 23 car parks gain. With thirty
# steps and 40 rounds they are 20.
#
# ### Waiting for nobody
#
# Eight car parks have devices that are ten times as slow. FedAvg waits for them in every round. Asynchronous methods do not have rounds: the
# server takes a step when **three** messages are there (*FedBuff*), or one (*FedAsync*), whoever sent them. A message that began with an
# old model is *stale*: $\tau$ steps old, and weighs $(1+\tau)^{-a}$.

# %%
from fedlab.algorithms import FedAsync, FedBuff

show_lines(
    {
        r"FedBuff: $s(\tau)\,(w_k - w_{start})$, $\;s(\tau) = (1 + \tau)^{-a}$": (FedBuff.report, "discount = "),
        r"$w \leftarrow w + \eta_s \sum_k \frac{n_k}{n}\, s(\tau_k)(w_k - w_{start})$": (FedBuff.step, "mean[0]"),
        r"FedAsync: $\alpha_\tau = \alpha (1 + \tau)^{-a}$": (FedAsync.report, "alpha = "),
        r"$w \leftarrow (1 - \alpha_\tau)\, w + \alpha_\tau w_k$": (FedAsync.step, "1 - alpha"),
    }
)

# %%
from fedlab import run

everybody = promised.WAITING.with_(slow_parties=0.0, rounds=3)
*_, rounds = run(everybody)
*_, buffer = run(everybody.with_(algorithm="fedbuff", buffer=28))
claim(
    "With a buffer for all 28, weights that differ from FedAvg's",
    int((buffer.state.weights != rounds.state.weights).sum()),
    equals=0,
)

# %%
waiting = Lab(
    promised.WAITING,
    controls=["algorithm", "slow_parties", "rounds"],
    tasks=[
        Task("**FedAvg waits** for the slowest: 28 rounds.", promised.WAITING),
        Task(
            "**FedBuff**, a buffer of three: 300 steps. Choose **simulated seconds** above the plot.", promised.BUFFERED
        ),
    ],
)
waiting

# %% jupyter={"source_hidden": true}
claims(waiting, [promised.WAITING, promised.BUFFERED], promised.OF_SECONDS)
show_table(
    published.without_rounds("car parks", "car_parks"),
    "28 car parks, 60 simulated seconds each; the goal is 75 %; three seeds, python -m benchmarks.vertical",
    exact=True,
)

# %% [markdown]
# 75 % after 2 seconds instead of 46, and 89 % instead of 78 at the end. The price is in the last column: seven times the megabytes. The fast ones
# speak far more often, so their data count more. With car parks that did little harm. With skewed digits it does; the same methods there, ten parties,
# three of them slow:

# %% jupyter={"source_hidden": true}
show_table(
    published.without_rounds("dirichlet 0.3", "asynchrony"),
    "MNIST, Dirichlet 0.3, 100 simulated seconds; the goal is 85 %; five seeds",
    exact=True,
)

# %% [markdown]
# **Who is slow is not heard.** No method reached the goal with every seed. The slow parties' own images fall from 83 % with FedAvg to 57 % and less: their
# digits are trained away by those who come more often. If the poor hospital has the slow computer, that is not a technical detail.
#
# ## Assistants: your own voice
#
# Eight speakers, four men and four women, say eleven English words six times each, *heed* to *heard*: four for training, two to test. Seven
# more speakers take no part: new voices. Ten numbers describe a recording.

# %% jupyter={"source_hidden": true}
voice = predict(
    "After 60 rounds the shared model has about 87 % of held-out recordings of the eight speakers right. And of the seven new voices?",
    unit="%",
    rounds=60,
    about=promised.NEW_VOICES,
    why={
        "more": "Eight voices are few: the model knows these eight, and not English.",
        "less": "With eleven words guessing is 9 %. Some of what it learned holds for anybody.",
    },
)
voice

# %%
vowels = Lab(
    promised.NEW_VOICES,
    controls=["algorithm", "voices", "rounds", "seed"],
    prediction=voice,
    tasks=[
        Task("**Tested on new voices.**", promised.NEW_VOICES),
        Task("The same, **tested on own voices**. Then **Behind the accuracy**, and **Look**.", promised.OWN_VOICE),
    ],
)
vowels

# %% jupyter={"source_hidden": true}
claims(vowels, [promised.OWN_VOICE, promised.NEW_VOICES], promised.OF_VOICES)
show_table(published.voices(), "Recordings right, %; ten splits", exact=True)

# %% [markdown]
# **For whom was it not worth it?** For the eight who took part. Each one's own model knows its voice best: 97 %. The shared one has 87,
# and five own epochs bring back most of it, 93. **Those who gain are the ones who gave nothing**: on new voices a stranger's model has 26 %, the
# shared one 49. An assistant for a new customer needs a federation; that of an old customer needs the customer.
#
# **And not equally**: new women 41 %, new men 56. Four women and four men took part, so it is not only a matter of counting. There are three new
# women and four new men, so it may also be these seven. One would have to ask more voices; what one may not do is report 49 and stop.
#
# **Was it done?** A gap after 60 rounds can be a matter of 60. We let it run ten times as long:

# %% jupyter={"source_hidden": true}
show_table(published.longer(), "Recordings right, %; five splits, python -m benchmarks.lesson_10", exact=True)

# %% [markdown]
# Nine of the ten points were haste: after 600 rounds the shared model has 96 % of the own voices, the own one 98. The strangers' 53 % and the
# women's 47 stay. So ask of every such gap, in papers too: **would it be there tomorrow?**
#
# ## Personal and fair
#
# Two ways to do better by those who lose. **Personal**: let each one go on from the shared model. *Ditto* adds a pull back, λ: alone
# at one end, shared at the other.
#
# $$v_k \leftarrow v_k - \eta\,\big(\nabla F_k(v_k) + \lambda\,(v_k - w)\big)$$
#
# **Fair**: make the shared model itself listen more to those who are served badly. *q-FedAvg* weighs a party by its loss to the
# power of $q$: $n_k F_k^q$ instead of $n_k$.

# %%
from fedlab.algorithms import QFedAvg
from fedlab.personal import personal

show_lines(
    {
        r"personal: begin with the shared $w$": (personal, "weights=weights"),
        r"the pull is FedProx's, $\mu = \lambda$": (personal, "FedProx(mu=pull)"),
        r"q-FedAvg: $F_k^q\, \Delta_k$": (QFedAvg.report, "loss**self.q) * delta"),
        r"$h_k = q F_k^{q-1} \|\Delta_k\|^2 + F_k^q / \eta$": (QFedAvg.report, "self.q * loss"),
        r"$w \leftarrow w - \sum_k \frac{n_k}{n} F_k^q \Delta_k \,/\, \sum_k \frac{n_k}{n} h_k$": (
            QFedAvg.step,
            "direction / ",
        ),
    }
)

# %% jupyter={"source_hidden": true}
show_table(published.pulls(), "Personal models, own held-out patients right, %, by Ditto's λ; ten splits", exact=True)
show_table(published.fair("heart"), "q-FedAvg, four hospitals; five seeds", exact=True)
show_table(published.fair("vowels"), "q-FedAvg, eight speakers, own voice; five seeds", exact=True)

# %% [markdown]
# **Ditto is a knob between two models.** With λ = 0 Switzerland is at 88 %, with λ = 10 where the shared model leaves it, at 76. Long Beach does best at
# λ = 1. The owners do not agree on λ; each can choose its own, because $v_k$ never leaves home.
#
# **q-FedAvg did not come out fair here.** For the hospitals nothing moves by more than chance. For the speakers it is far behind after 60 rounds: the
# worst one falls from 68 to 43 %, because a larger $h_k$ makes smaller steps. With ten times as many rounds the worst is at 81, and
# without $q$ at 86. What helped the worst speaker was time. (We took the learning rate of FedAvg for all $q$. The paper has data and
# settings where $q$ helps; these are not among them.)
#
# **A model for all that is bad for one can be mended in three ways**: a personal model (heart), more rounds (vowels), less drift (car
# parks). Which one, you see only if you look at each owner.

# %% [markdown] tags=["exercise"]
# ## Exercises
#
# Write your code in place of `raise NotImplementedError()`, run the cell, then run the check below it. A check tells
# you what is wrong; it does not know the answer, only what must be true of it.

# %% tags=["exercise"]
import numpy as np

from fedlab.lessons import checks_10 as check

# %% [markdown] tags=["exercise"]
# **1. Everybody's mean and spread.** `n`, `s` and `q` are arrays with a number for each hospital: how many patients it has, the sum of a
# column, and the sum of its squares. Return two numbers: the mean and the standard deviation of that column over all patients.


# %% nbgrader={"grade": false, "grade_id": "mean-and-deviation", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["exercise"]
def mean_and_deviation(n, s, q):
    ### BEGIN SOLUTION
    mean = s.sum() / n.sum()
    return mean, np.sqrt(q.sum() / n.sum() - mean**2)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "mean-and-deviation-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false} tags=["exercise"]
check.check_mean_and_deviation(mean_and_deviation)

# %% [markdown] tags=["exercise"]
# **2. AUC.** `scores` is an array with a number for each loan, the higher the riskier; `labels` has 1 for a bad loan and 0 for a good one. Of
# all pairs of a bad and a good loan, return the share in which the bad one has the higher score. A tie counts half.


# %% nbgrader={"grade": false, "grade_id": "area", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["exercise"]
def area(scores, labels):
    ### BEGIN SOLUTION
    bad, good = scores[labels == 1][:, None], scores[labels == 0]
    return np.mean((bad > good) + (bad == good) / 2)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "area-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false} tags=["exercise"]
check.check_area(area)

# %% [markdown] tags=["exercise"]
# **3. A personal model in one line.** A model that is a single number $v$ is to tell a party's `values` $x_i$. Its loss is the mean of
# $\tfrac12 (v - x_i)^2$. The shared model is `w`. Return the $v$ for which the loss and the pull, $\tfrac\lambda2 (v - w)^2$, are
# least together; `pull` is λ.


# %% nbgrader={"grade": false, "grade_id": "personal-mean", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["exercise"]
def personal_mean(values, w, pull):
    ### BEGIN SOLUTION
    return (np.mean(values) + pull * w) / (1 + pull)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "personal-mean-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false} tags=["exercise"]
check.check_personal_mean(personal_mean)

# %% [markdown] tags=["exercise"]
# **4. Who has how much say?** `losses` and `examples` are arrays with a number for each party. With $q$ a party counts by its examples times
# its loss to the power of `q`. Return an array with each party's share; the shares add up to 1.


# %% nbgrader={"grade": false, "grade_id": "say-of", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["exercise"]
def say_of(losses, examples, q):
    ### BEGIN SOLUTION
    raw = examples * losses**q
    return raw / raw.sum()
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "say-of-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false} tags=["exercise"]
check.check_say_of(say_of)

# %% [markdown] tags=["exercise"]
# **To think about.** You are the hospital in Zurich. Would you take part, for a model that is worse for your patients, because
# it helps Long Beach? What would you ask for? And who should decide how large $q$ is?

# %% [markdown]
# ## What this does not show
#
# - **Nine lenders.** It is one lender, cut by region: the same form, the same checks, the same months. Real banks differ more.
# - **Today's patients.** The heart data are of the 1980s, and of people who had been sent to a cardiologist. No result here is for a doctor's use.
# - **Enough owners.** Four hospitals, eight speakers: a mean over ten splits says what chance did to the split, and nothing
#   about a fifth hospital.
# - **Tuning.** The settings are the same for all ways, and were not tuned for any of them. Alone, a party could choose
#   what suits it.
# - **Simulated seconds** count devices and lines as the lab has them. No car park was asked.
# - **A balanced group.** Women and men are all that we know of the speakers. Age, region and illness are in no file.
#
# ## Words
#
# - **AUC**: how often a bad one is ranked above a good one. 50 % is guessing.
# - **Personal model**, **fine-tuning**, **Ditto**: the shared model, after more steps at home; with a pull back to it.
# - **q-FedAvg**: who is served badly counts more. **Agnostic**: only the worst counts, $q \to \infty$.
# - **Asynchronous**: the server waits for nobody. **Stale**: begun with an old model. **Buffer**: how many messages make a step.
#
# ## Where next
#
# - The same people at several owners, different columns: [11 Across industries](11_across_industries.ipynb).
# - Drift, and what mends it: [03](03_non_iid.ipynb), [04](04_fedprox.ipynb), [05](05_algorithms.ipynb).
# - Your own table with a column of owners: `fedlab run --data mine.csv --owner hospital --label ill`, or
#   `Lab(dataset=from_csv("mine.csv", label="ill", owner="hospital"))` with `from fedlab.datasets import from_csv`.
# - The code: `fedlab/scaling.py`, `fedlab/personal.py`, `fedlab/algorithms/qfedavg.py`, `fedlab/algorithms/fedbuff.py`.
#
# **The data, and their licences**
#
# - *Heart Disease*, UCI Machine Learning Repository: Andras Janosi, William Steinbrunn, Matthias Pfisterer and Robert Detrano. CC BY 4.0. Cut into
#   hospitals as in FLamby: J. Ogier du Terrail et al., 2022, [arXiv 2210.04620](https://arxiv.org/abs/2210.04620).
# - *Loans*: Lending Club's public loan data, in the R package modeldata. MIT, © 2019 Max Kuhn, RStudio.
# - *Car parks*: Birmingham City Council, Parking Birmingham, UCI. Contains public sector information licensed under the UK Open Government
#   Licence.
# - *Vowels*: D. Deterding, M. Niranjan and T. Robinson, Connectionist Bench (Vowel Recognition), UCI. GPL-2 as in R's mlbench; UCI states CC BY 4.0 for
#   its data sets.
#
# **The methods**
#
# - Ditto: T. Li, S. Hu, A. Beirami and V. Smith, *Ditto: Fair and Robust Federated Learning Through Personalization*, 2021, [arXiv
#   2012.04221](https://arxiv.org/abs/2012.04221).
# - q-FedAvg: T. Li, M. Sanjabi, A. Beirami and V. Smith, *Fair Resource Allocation in Federated Learning*, 2020, [arXiv
#   1905.10497](https://arxiv.org/abs/1905.10497). Agnostic: M. Mohri, G. Sivek and A. T. Suresh, *Agnostic Federated Learning*, 2019, [arXiv
#   1902.00146](https://arxiv.org/abs/1902.00146).
# - FedBuff: J. Nguyen, K. Malik, H. Zhan, A. Yousefpour, M. Rabbat, M. Malek and D. Huba, *Federated Learning with Buffered Asynchronous
#   Aggregation*, 2022, [arXiv 2106.06639](https://arxiv.org/abs/2106.06639).
# - FedAsync: C. Xie, S. Koyejo and I. Gupta, *Asynchronous Federated Optimization*, 2019, [arXiv 1903.03934](https://arxiv.org/abs/1903.03934).
# - AUC: J. A. Hanley and B. J. McNeil, *The meaning and use of the area under a receiver operating characteristic (ROC) curve*, Radiology 143, 1982.
