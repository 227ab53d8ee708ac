# %% [markdown]
# # Start here: federated learning in five minutes
#
# Some hospitals want one model that reads handwritten digits. None of them may give its images away.
# **Federated learning** trains that model anyway: the model travels, the images stay where they are.
#
# After this page you can
#
# 1. run federated learning, and read its picture,
# 2. make it harder by changing who holds which digits,
# 3. say what it costs when everybody works longer before they talk.
#
# Those who hold data are **parties** (elsewhere: *clients*). The **server** holds the shared model. In each **round** the
# server sends the model out, every party trains it on its own images and sends it back, and the server takes the average.

# %% [markdown] tags=["notebook"]
# Grey boxes are Python. Choose *Run > Run All Cells* from the menu once, and then read on: nothing in them needs changing.

# %% [markdown]
# ## Before you start
#
# Ten parties hold 500 images each: all have a fair mix of the ten digits. They train together for ten rounds. Then we test
# the shared model on 10,000 images that nobody trained on.
#
# The tour on top of the lab lights up what to use, waits until you have used it, and takes you through the first two tasks; the
# third is yours. Leave it when you like: *Tour* brings you back to where you were.

# %% jupyter={"source_hidden": true}
from fedlab.lessons.claims_00 import ALIKE, LONGER, SKEWED, alpha, has_run, steps_done
from fedlab_widgets import Lab, Task, TourStep, predict

skewed = predict(
    "Now each party holds almost one digit only; nobody has fewer images. How many are right after ten rounds?",
    unit="%",
    rounds=10,
    about=SKEWED,
    why={
        "more": "Each party pulls the shared model towards its own digit, and the average is a compromise.",
        "less": "Every round brings all ten digits together again, so even such parties learn from each other.",
    },
)
guess = predict(
    "How many of the 10,000 test images does the shared model get right after ten rounds?",
    unit="%",
    rounds=10,
    about=ALIKE,
    why={
        "more": "Nobody has seen more than 500 images, and ten rounds are short: the curve is still rising.",
        "less": "Together they hold 5,000 images, and the average of ten models knows what all of them have learnt.",
    },
    then=skewed,
)
tasks = [
    Task("**Just run it.** Press **Run** and watch the plot.", ALIKE),
    Task("**Give everybody other digits.** Press the button, look at the map of who holds what, then **Run**.", SKEWED),
    Task("**Work longer, talk less.** Each party now trains five times as long before it sends.", LONGER),
]
tour = [
    TourStep(
        ".fedlab-question",
        "First guess how many test images ten rounds get right. A wrong guess is as good.",
        done=lambda lab: guess.answer is not None,
    ),
    TourStep(
        ".fedlab-transport",
        "Press Run, and watch the curve grow by one point a round.",
        done=lambda lab: has_run(lab.histories, ALIKE),
    ),
    TourStep(
        ".fedlab-chart",
        "Point at the curve: it reads out each round. Click on one (or tab to the plot; arrow keys, then Enter).",
        done=lambda lab: lab.selected["round"] > 0,
    ),
    TourStep(
        "control-partition",
        "Now make it harder: choose “Dirichlet (label skew)”.",
        done=lambda lab: alpha(lab.experiment) is not None,
    ),
    TourStep(
        "control-alpha",
        "Move α up to 100 and look at the map: every party gets a bit of each digit.",
        done=lambda lab: (alpha(lab.experiment) or 0) >= 100,
    ),
    TourStep(
        "control-alpha",
        "Now move it down to 0.1: almost one digit each. Answer the new question, and press Run.",
        done=lambda lab: has_run(lab.histories, SKEWED),
    ),
    TourStep(
        ".fedlab-above",
        "Switch to “the federation”, and press › until the model is sent back: what travels, and what stays?",
        done=lambda lab: steps_done(lab.selected) >= 5,
    ),
    TourStep(
        ".fedlab-look",
        "Press this button. At the end of what opens, “One number” follows a single weight: the server's is the "
        "average of the parties'.",
        done=lambda lab: "behind" in lab.selected,
    ),
]
lab = Lab(ALIKE, controls=["partition", "alpha", "local_epochs"], prediction=guess, tasks=tasks, tour=tour)
lab

# %% [markdown]
# The plot shows how many of the 10,000 test images are right after each round; a new run comes on top of the old ones. The map
# below it shows who holds what: a column for each party, a row for each digit.
#
# ## What happened
#
# **1. Just run it.** No image has left its party. Still, the shared model reads digits that it saw nowhere but there.

# %% jupyter={"source_hidden": true}
from fedlab.lessons import claims_00
from fedlab_widgets import claims

claims(lab, [ALIKE], claims_00.JUST_RUN)

# %% [markdown]
# **2. Other digits.** Each column of the map has one dark field. Each party pulls the shared model towards its own digit, and
# the average is a compromise. Lesson 03 is about this.

# %% jupyter={"source_hidden": true}
claims(lab, [ALIKE, SKEWED], claims_00.OTHER_DIGITS)

# %% [markdown]
# **3. Work longer.** The curve rises in fewer rounds. Above the plot, switch from *round* to *megabytes sent*: fewer rounds are
# fewer megabytes. Then switch to *simulated seconds*, as if each party trained on 1,000 images a second and sent 10 megabits
# a second. Ten rounds take twice as long: that is the computing. Lesson 02 is about this trade.

# %% jupyter={"source_hidden": true}
claims(lab, [ALIKE, LONGER], claims_00.WORK_LONGER)

# %% [markdown]
# ## What this does not show
#
# All parties live in this one computer: the sending is counted, not done. No image left its party; but a model can tell
# something about what it was trained on. Keeping that secret takes more than this: see
# [07 What the server can see](07_what_the_server_sees.ipynb).
#
# That is the end of the five minutes. What follows is for looking things up.
#
# ## The rest of the lab, a line each
#
# | what you see | what it is |
# | --- | --- |
# | *Pause*, *Step*, *Stop*, *Reset* | hold; do one round; end; forget everything |
# | *data*, *algorithm*, … on the left | more controls, in groups; move over one, or tab to it, and read what it teaches |
# | *sweep* beside a control | run several values of it, and compare their curves |
# | *seed* | the number that all chance comes from: the same seed repeats a run, another one shows how much is luck |
# | *2nn* | the model that trains: a neural network with two hidden layers of 200 |
# | *loss*, in nats | how wrong the model is, and how sure of it; 0 is perfect, 2.3 is guessing among ten digits |
# | *label skew* | how far the parties' mixes of digits are from everybody's (the mean Jensen-Shannon distance): 0 is alike |
# | *Runs* | one line for each run: hide it, save it, continue from it; *seconds here* are what this computer took |
# | *Behind the accuracy* | one number for all hides a lot: press *Look* and see whom the model serves worst, and which digits it confuses |
# | *disagreement* in it | whether the parties pull the same way: 0 is the same way, 1 is at right angles |
# | *What the server sees* | what one party sends, as numbers, and the images that can be read from it |
# | *Steer*; *Turns bad*, *Leaves* beside a party | from the next round on the run goes on with what the controls say now; so a party lies, or goes |
# | *Code*, *Link* | the Python that repeats a run; a short text that brings the settings back |
#
# ## Words
#
# - **Party**: someone who holds data and trains on it. Elsewhere: client.
# - **Server**, or platform: who sends the model out and averages what comes back. It sees models, not images.
# - **Round**: send out, train, send back, average.
# - **Local epoch**: one pass of a party through its own images.
# - **Test accuracy**: the share of 10,000 images, which no party has, that the model gets right.
# - **IID**: every party holds a fair sample of everything. **Label skew**: the parties hold different mixes of digits.
#
# ## Where next
#
# - [01 Six steps](01_six_steps.ipynb): the same, one step at a time, down to the lines of Python that do it.
# - The idea and its name: H. B. McMahan, E. Moore, D. Ramage, S. Hampson and B. Agüera y Arcas, *Communication-Efficient
#   Learning of Deep Networks from Decentralized Data*, 2017, [arXiv 1602.05629](https://arxiv.org/abs/1602.05629).
# - The images: Y. LeCun, C. Cortes and C. Burges, *The MNIST database of handwritten digits*, 1998.
