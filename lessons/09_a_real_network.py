# %% [markdown]
# # 09 A real network: your laptop is a party
#
# So far all parties lived in one program, and sending was counted and not done. Now it is done. You write digits of your own, train with
# files that you could carry on a stick, look at every array that leaves, and join a federation of processes that trust each other only
# as far as they must.
#
# After this lesson you will be able to
#
# 1. say what crosses between a server and a party in one round, array by array, and what never does,
# 2. run a round by hand, with files, and get the numbers of the lab,
# 3. say what happens when a party goes away, when the server dies, and when a stranger knocks.
#
# About 40 minutes, and 20 for the exercises. A class that is a federation takes 45: the plan is in `lessons/TEACHING.md`.

# %% [markdown] tags=["notebook"]
# Run the grey boxes from the top, with Shift+Enter or *Run > Run All Cells*. The questions wait for your answer.

# %% [markdown]
# ## Before you start
#
# Four laptops hold some 250 images each, and each knows only three of the ten digits. After round 4 somebody closes the lid of laptop 2.
# After round 8 it is opened again.

# %% jupyter={"source_hidden": true}
from fedlab.lessons import claims_09 as promised
from fedlab_widgets import predict

back = predict(
    "And at round 12, four rounds after laptop 2 came back, the shared model …",
    promised.COME_BACK,
    truth=promised.after_it_came_back,
    why="It takes the newest shared model and trains from there: nothing old goes into the mean. Look at the two curves after round 8.",
)
guess = predict(
    "With all four there the model has about 76 % of the test images right after 8 rounds. And with laptop 2 shut since round 4?",
    unit="%",
    rounds=promised.BACK,
    about=promised.GONE,
    why={
        "more": "Its digits are nobody else's: the others train them away while it is gone.",
        "less": "Seven digits have stayed, and most of what was learned of the other three is lost.",
    },
    then=back,
)
guess

# %% [markdown]
# ## The lab

# %%
from fedlab_widgets import Lab, Task

lab = Lab(
    promised.ALL_THERE,
    controls=["away", "rounds"],
    prediction=guess,
    tasks=[
        Task("**All four are there**: press **Run**.", promised.ALL_THERE),
        Task("**Laptop 2 is shut** after round 4 and opened after round 8.", promised.GONE),
    ],
)
lab

# %% jupyter={"source_hidden": true}
from fedlab_widgets import claims

claims(lab, promised.WE_SAY, promised.AFTER_12_ROUNDS)

# %% [markdown]
# **A party that goes away costs its digits, and no more.** The next mean is made of those who report: $\sum_k n_k / n$ over *them*. The
# three digits that only laptop 2 knows are trained away, round by round. When it is back it gets the newest model, and its digits come
# back too. With parties that all hold the same kind of data you would hardly see it: try *IID* under **data**.

# %% [markdown]
# ## Your own handwriting
#
# A party in a real federation has data of its own. Write some: with the mouse, a pen or a finger, or with the keyboard (the pad says how).
# What you draw is made small and centred as MNIST's digits were. The shared model of the run above reads along.

# %%
from fedlab_widgets import DigitPad

pad = DigitPad(lab)
pad

# %% [markdown]
# 1. Write the ten digits as you always do. Which does the model misread? (A 7 with a bar, or a 1 with a foot, is rare in MNIST.)
# 2. **Keep** ten or more, also those that it misreads, each with its label. Then **Make these my data**: below appears a lab with one party
#    more, and that is you. Press Run there. *Of the digits below it reads …* tells before and after.
# 3. You hold 10 images, the others some 250 each. How much does the mean listen to you? What would you change so that it does?
#
# `pad.save("mine.npz")` keeps them for a federation, and for a party of the class.

# %% [markdown]
# ## The six steps by hand
#
# No network yet. The server writes a file for the round, each party trains it on a file of its own, and gives back one more file. You
# could carry them on a stick.

# %%
from pathlib import Path
from tempfile import mkdtemp

from fedlab import unplugged

desk = Path(mkdtemp())
for path in unplugged.deal(promised.BY_HAND, desk):
    print(f"{path.name:12} {path.stat().st_size:>9,} bytes")

# %% [markdown]
# `round1.npz` is the first shared model. `party0.npz` to `party2.npz` hold 100 images each: they are the parties', and stay where they
# are. Now be the three parties, and then the server:

# %%
updates = []
for party in range(3):
    updates.append(desk / f"update{party}.npz")
    report, sent = unplugged.train(desk / "round1.npz", desk / f"party{party}.npz", updates[-1])
    print(f"party {party}: {report.examples} images, {report.steps} steps, {sent:,} bytes of numbers")

by_hand = unplugged.merge(desk / "round1.npz", updates, desk / "round2.npz")

# %% jupyter={"source_hidden": true}
from fedlab import run
from fedlab.lessons import claim

in_one_program = next(run(promised.BY_HAND))
claim(
    "Weights that differ from those of the lab's own round",
    int((in_one_program.state.weights != by_hand.state.weights).sum()),
    equals=0,
)

# %% [markdown]
# Not nearly the same: the same, to the last bit. Whatever is drawn by lot (the order of the images, who takes part) is drawn from the
# seed, the round and the party's number, so it does not matter where a party stands. On the command line that is
#
#     fedlab party deal desk --parties 3 --examples 300 --model softmax
#     fedlab party train --model desk/round1.npz --data desk/party0.npz -o update0.npz
#     fedlab party merge update0.npz update1.npz update2.npz --model desk/round1.npz -o round2.npz
#
# **Lose a stick.** Merge without party 1's update: the round goes on with the mean of the other two.

# %%
without = unplugged.merge(desk / "round1.npz", [updates[0], updates[2]], desk / "round2_without.npz")
print("parties that reported:", [report.party for report in without.parties], "  absent:", without.absent)

# %% [markdown]
# ## What crosses
#
# An update holds what a network would carry, and nothing else. (The round's file also has a page that the server would keep to itself.) Here is all that crosses,
# for this round and for one party:

# %%
from fedlab.parcels import load
from fedlab_widgets import show_table

order, report = load(desk / "round1.npz"), load(updates[0])
show_table(
    [
        {
            "way": "down",
            "what": "the shared model",
            "shape": str(order.arrays[0].shape),
            "bytes": order.arrays[0].nbytes,
        },
        *(
            {"way": "up", "what": "how it has changed", "shape": str(one.shape), "bytes": one.nbytes}
            for one in report.arrays
        ),
    ],
    "Arrays that cross in a round, for one party",
    exact=True,
)
print("and beside them, up:", {name: report.about[name] for name in ("round", "party", "examples", "steps")})

# %% [markdown]
# No image, no label. What a party remembers from round to round (SCAFFOLD's $c_k$, the error of a code) does not cross either: it is in the
# party's own file. Lesson 07 is about what can be read from the update all the same.

# %% jupyter={"source_hidden": true}
from fedlab.apart import carried_out
from fedlab.apart import order as order_of
from fedlab_widgets import show_source

show_source(order_of, carried_out)

# %% [markdown]
# ## The third engine
#
# [Flower](https://flower.ai) is a framework that people use when they outgrow one machine. The kit can hand it the training: the same
# experiment, the same algorithms, but each party is a *node* of Flower's, in another process, with its own memory.

# %%
# %%needs_flower
from fedlab import run

flowers = list(run(promised.BY_HAND, engine="flower"))
ours = list(run(promised.BY_HAND))
claim(
    "Rounds in which Flower's weights differ from ours in any bit",
    sum((one.state.weights != other.state.weights).any() for one, other in zip(flowers, ours, strict=True)),
    equals=0,
)

# %% jupyter={"source_hidden": true}
from fedlab.lessons import published_09 as published

show_table(
    published.simulation(), "FedAvg, ten parties, five epochs: python -m benchmarks.flower, on two cores", digits=2
)

# %% [markdown]
# That was a simulation: all nodes on one machine. It is hardly slower than one program once it has started, and takes ten times the memory; each node
# is a process. (The quick-start trains with Keras, as Flower's own pages do; its shuffles are its own.)
#
# So why simulate? To try a program that is to run on many machines.
# In a **deployment** each node is a machine of its own. Guess what a round costs then.

# %% jupyter={"source_hidden": true}
seconds = predict(
    "Four parties, 500 images each, the 2NN. In the lab a round takes a tenth of a second or so. With four processes that talk through a "
    "network (on one machine, so that nothing is slow but the talking), how many seconds does a round take?",
    unit="seconds",
    low=0,
    high=60,
    why={
        "more": "It could be worse: each process could have to start TensorFlow first.",
        "less": "For each message a node starts a new Python, which imports the kit, reads the party's data and memory, trains, and ends. And it "
        "looks only once a second whether there is a message.",
    },
)
seconds

# %% jupyter={"source_hidden": true}
seconds.compare(published.seconds_a_round())
show_table(published.costs(), "The same rounds in two ways, on two cores", digits=2)

# %% [markdown]
# (`python -m benchmarks.federation` makes the file. More bytes cross than we count: TLS, HTTP and Flower's own words come on top.)
#
# **Training is not what takes the time.** So people who run real federations send few, large rounds: many local steps, few messages. That is the
# argument of lesson 02, and now you have seen the bill.
#
# ## Who may join?
#
# On a network others can knock. Three things must hold:
#
# | who | must be sure that | by |
# | --- | --- | --- |
# | the party | the server is the teacher's | the **fingerprint** of the server's certificate, which is in the join code |
# | the server | the party was invited | a **token** in the code, good for one party; then the party's own **key** |
# | both | nobody reads or changes what crosses | **TLS**, the same as in a browser |

# %%
# %%needs_flower
from fedlab.network import codes

code = codes.read("fedlab1:192.168.1.20:8443/ABCDEFGHIJKLMNOPQRSTUVWXYZ/A2B3C4D5E6F7A2B3#73")
for part, value in code._asdict().items():
    print(f"{part:12} {value}")

# %% [markdown]
# And before anything runs on your machine you should know **what** would run, and **what** would leave. With Flower as it comes, the server
# sends the program to the nodes, and they run it: whoever has the server has all nodes. The kit's node runs one program only, the one that
# is in your own copy of the kit, and compares it letter by letter (its SHA-256) with what the server sends.
#
# ## Try it: a class of two, on this machine
#
# Press **Open the doors**. Two join codes appear. Open a new notebook (*File > New > Notebook*), type
#
#     from fedlab_widgets import join
#     join("the code")
#
# read what it says, and agree or refuse. Do the same for the second code, in a third notebook. (It takes about half a minute until round 1 is
# over. In a class, the teacher gives `host=` the address that others reach, and each student has one notebook.)

# %%
from fedlab import Experiment
from fedlab_widgets import Classroom

Classroom(Experiment(parties=2, examples=500, rounds=5, local_epochs=2))

# %% [markdown]
# Then try to break it. Leave as a student in the middle of a round. Come back. Use a code a second time. Put somebody out.

# %% [markdown]
# ## What a server that dies has to know
#
# After each round the server writes down the shared model, what it remembers itself, and the number of the round. It is started again, reads
# that, and asks for the next round. There is one trap. Say it died in the middle of round 7. Some parties have already worked in round 7, and
# remember it; now round 7 is asked for again. **They must answer from what they knew before round 7.** So a party keeps its last two memories.

# %%
from fedlab.apart import recalled
from fedlab_widgets import show_lines

show_lines({r"only what is older than the round": (recalled, 'entry["round"] < number')})

# %% [markdown] tags=["exercise"]
# ## Exercises
#
# Write your code in place of `raise NotImplementedError()`, run the cell, then run the check below it. A check tells
# you what is wrong; it does not know the answer, only what must be true of it.

# %% tags=["exercise"]
import hashlib

import numpy as np

from fedlab.lessons import checks_09 as check

# %% [markdown] tags=["exercise"]
# **1. As MNIST was made.** `digit` is an array of 20 × 20 numbers, 0 paper, 1 ink, greys between. Return an array of 28 × 28 numbers with the digit in
# it, moved by whole rows and columns so that its centre of mass is as near to pixel (14, 14) as it can be. (Pixels are counted from 0. The
# centre's row is the mean of the pixels' rows, each weighted by its grey.)


# %% nbgrader={"grade": false, "grade_id": "placed", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["exercise"]
def placed(digit):
    ### BEGIN SOLUTION
    rows, columns = np.mgrid[:20, :20]
    top = round(14 - (digit * rows).sum() / digit.sum())
    left = round(14 - (digit * columns).sum() / digit.sum())
    picture = np.zeros((28, 28))
    picture[top : top + 20, left : left + 20] = digit
    return picture
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "placed-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false} tags=["exercise"]
check.check_placed(placed)

# %% [markdown] tags=["exercise"]
# **2. Who came.** `w` is the shared model, an array. `examples` is a dictionary from each party's number to how many images it holds, and `reports`
# one from the numbers of those who reported to what they sent, $w_k - w_t$. Return the new shared model. If nobody reports, it is
# the old one.


# %% nbgrader={"grade": false, "grade_id": "new-model", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["exercise"]
def new_model(w, examples, reports):
    ### BEGIN SOLUTION
    if not reports:
        return w
    total = sum(examples[party] for party in reports)
    return w + sum(examples[party] * change for party, change in reports.items()) / total
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "new-model-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false} tags=["exercise"]
check.check_new_model(new_model)

# %% [markdown] tags=["exercise"]
# **3. What did I know then?** `kept` is a dictionary from a round's number to what a party knew *after* that round. Round `number` is asked for, perhaps
# for the second time. Return what the party answers from.


# %% nbgrader={"grade": false, "grade_id": "memory-for", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["exercise"]
def memory_for(number, kept):
    ### BEGIN SOLUTION
    return kept[max(after for after in kept if after < number)]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "memory-for-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false} tags=["exercise"]
check.check_memory_for(memory_for)

# %% [markdown] tags=["exercise"]
# **4. Is it the teacher's server?** `certificate` is bytes, what a server shows. `told` is a text: the SHA-256 of the teacher's certificate in 64 hexadecimal
# digits, as somebody wrote it down: perhaps with capital letters, perhaps with colons between. Return whether it is the teacher's.
# (`hashlib.sha256(certificate).hexdigest()`)


# %% nbgrader={"grade": false, "grade_id": "is-genuine", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["exercise"]
def is_genuine(certificate, told):
    ### BEGIN SOLUTION
    return hashlib.sha256(certificate).hexdigest() == told.replace(":", "").lower()
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "is-genuine-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false} tags=["exercise"]
check.check_is_genuine(is_genuine)

# %% [markdown] tags=["exercise"]
# **To think about.** A party says itself how many images it has, and the mean believes it. What could the server ask for, without seeing an image?

# %% [markdown]
# ## What this does not show
#
# - **A thousand phones.** Ours are a handful of machines in one room. With many, who takes part is drawn, most are asleep, and a server is many servers.
# - **Privacy.** TLS hides the update from the road, not from the server. Masks and noise of lesson 07 go over this network too; try them in the
#   experiment that you give to `Classroom`.
# - **A server that cheats.** A party knows *which* server it talks to, not whether that one is honest. It runs no program of the server's, but trains what it is
#   sent.
# - **A party that cheats.** A key says who somebody is, not whether what they send is true. That is lesson 08.
# - **Slow lines.** We measured on one machine. A line of 1 MB/s adds most of a second each way for the 2NN: the calculator of lesson 02 knows.
#
# ## Words
#
# - **Simulation**, **deployment**: parties as processes of one machine; parties as machines.
# - **Node**: what stands for a party at Flower's. **SuperLink**, **SuperNode**: Flower's names for the server's and the party's program.
# - **Certificate**, **fingerprint**: who a server is, and a short number by which to know it again. **Key**: by which it knows a party. **Token**: good
#   for one entry.
# - **Dropout**: a party that was asked and does not answer.
# - **Centre of mass**: where a picture would balance on a pin.
#
# ## Where next
#
# - To leave with it: `fedlab export --to flower FOLDER` writes an experiment as a small program of Flower's own, which needs nothing of this kit. [Lesson
#   12](12_the_tools.ipynb) is about that.
# - The code: `fedlab/apart.py` (what crosses), `fedlab/unplugged.py` (files), `fedlab/engines/flower.py`, `fedlab/network/` (who may join), `fedlab/handwriting.py`.
# - A class as a federation: the plan for 45 minutes, a rehearsal, and what to do when nothing connects are in `lessons/TEACHING.md`.
# - Flower: D. J. Beutel and others, *Flower: A Friendly Federated Learning Research Framework*, 2020, [arXiv 2007.14390](https://arxiv.org/abs/2007.14390).
# - How it is done with millions of phones: K. Bonawitz and others, *Towards Federated Learning at Scale: System Design*, 2019, [arXiv
#   1902.01046](https://arxiv.org/abs/1902.01046).
