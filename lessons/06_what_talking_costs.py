# %% [markdown]
# # 06 What talking costs: send a hundredth, and lose nothing for good
#
# A phone downloads quickly and uploads slowly. So you make what goes up smaller: you send the largest changes, or a few
# bits of each, or only up or down. You see what each code costs and what it loses, what a memory repairs, and when it does
# harm.
#
# After this lesson you will be able to
#
# 1. work out the bytes of four codes, and say what each gets wrong: on purpose, or by lot,
# 2. write top-k with a memory and a quantiser that is right on average, and say which of the two needs the memory,
# 3. meet a budget of seconds on a slow line, and say what you gave up for it.
#
# About 35 minutes, and 25 for the exercises.

# %% [markdown] tags=["notebook"]
# Run the grey boxes from the top, with Shift+Enter or *Run > Run All Cells*. The questions wait for your answer.

# %% [markdown]
# ## Before you start
#
# Ten parties, 200 images each, and the 2NN: 199,210 weights of 4 bytes are 797 kB. Each party has a line of its own, as at home:
# 10 megabits a second down, which are 1,250 kB/s, and **100 kB/s up**. A fast device looks at 1,000 images a second. This is a
# round with 5 local epochs:

# %% jupyter={"source_hidden": true}
from fedlab.lessons import claims_06 as promised
from fedlab_widgets import show_table

weights = 199_210
show_table(
    [
        {"what": "the model comes down", "kilobytes": 4 * weights / 1e3, "seconds": 4 * weights / 1_250e3},
        {"what": "5 epochs of 200 images", "kilobytes": None, "seconds": 5 * 200 / 1_000},
        {"what": "the update goes up", "kilobytes": 4 * weights / 1e3, "seconds": 4 * weights / 100e3},
    ],
    "One round, at each party",
    exact=True,
)

# %% [markdown]
# Eight of ten seconds are the way up. **Top-k** sends only the $k$ weights that changed most, each with its place. The others
# count as unchanged. With one weight in a hundred that is 16 kB instead of 797.

# %% jupyter={"source_hidden": true}
from fedlab_widgets import predict

helps = predict(
    "QSGD sends every change, rounded by lot to 2 bits, so that it is right on average. Does the memory help it as well?",
    promised.HELPS,
    truth=promised.memory_of_qsgd,
    why="The memory makes up for what is missing each time. QSGD misses nothing on average: see below what its memory costs.",
)
without = predict(
    "What a party has not sent it remembers, and adds it to its next update. So top-k got to 85 % in about 5 rounds. Without that "
    "memory, how many?",
    unit="rounds",
    low=1,
    high=20,
    about=promised.FORGETFUL,
    truth=promised.rounds_without,
    why={
        "more": "A small change that goes on in the same direction is lost each time. But the largest do most of the work.",
        "less": "It sends just as much. But a weight that changes a little each round is never among the largest.",
    },
    then=helps,
)
guess = predict(
    "FedAvg gets about 90 % of the test images right after 10 rounds. And top-k, which sends one weight in a hundred?",
    unit="%",
    rounds=10,
    about=promised.TOPK,
    why={
        "more": "It is a little behind: what is not among the largest comes late.",
        "less": "The largest changes do most of the work, and the memory sends the others later.",
    },
    then=without,
)
guess

# %% [markdown]
# ## The lab

# %% jupyter={"source_hidden": true}
from fedlab_widgets import Lab, Task

lab = Lab(
    promised.FEDAVG,
    controls=["compression", "uplink"],
    prediction=guess,
    tasks=[
        Task("**All of it**: FedAvg. Press **Run**.", promised.FEDAVG),
        Task("**Top-k**, a share of 0.01, with error feedback: that is the memory.", promised.TOPK),
        Task("The same **without error feedback**.", promised.FORGETFUL),
        Task("Switch the plot to **megabytes up**, then to **megabytes sent**, both ways. Why is the gain so much smaller there?"),
        Task("**QSGD** with 2 bits, without error feedback.", promised.QSGD),
        Task("QSGD with 2 bits **with** error feedback.", promised.QSGD_REMEMBERS),
        Task("**Sign**: one bit a weight, with error feedback.", promised.SIGN),
        Task("Switch to **simulated seconds**. Who is first at 85 %, and who is first by rounds?"),
    ],
)  # fmt: skip
lab

# %% jupyter={"source_hidden": true}
from fedlab_widgets import claims

claims(lab, promised.WE_SAY, promised.AFTER_10_ROUNDS)

# %% [markdown]
# ## What happened, and why: what really travels
#
# Take one party's real update, the first of the run above, and let the kit's encoders write it. What they make is an
# array of bytes, and the server gets nothing else.

# %%
from fedlab.lessons.one_update import off, place, real_update, there_and_back
from fedlab.stages import Quantize, RandomK, Sign, TopK

update = real_update(promised.FEDAVG)
codes = {
    "top-k, 1 %": TopK(topk_share=0.01, error_feedback=False),
    "random-k, 5 %": RandomK(randomk_share=0.05, error_feedback=False),
    "QSGD, 4 bits": Quantize(quantize_bits=4, error_feedback=False),
    "QSGD, 2 bits": Quantize(quantize_bits=2, error_feedback=False),
    "sign": Sign(error_feedback=False),
}

# %% jupyter={"source_hidden": true}
formats = {
    "top-k, 1 %": "1,992 places and 1,992 numbers, 4 bytes each",
    "random-k, 5 %": "9,960 numbers; both sides draw the same places",
    "QSGD, 4 bits": "4 bits a weight, and a length of 4 bytes for each 128",
    "QSGD, 2 bits": "2 bits a weight, and a length of 4 bytes for each 128",
    "sign": "1 bit a weight, and one size of 4 bytes for all",
}
sizes = {name: kind.encode(update, place(len(update))).nbytes for name, kind in codes.items()}
show_table(
    [{"code": "all of it", "what travels": "199,210 numbers of 4 bytes", "bytes": update.nbytes, "times smaller": 1.0}]
    + [
        {"code": name, "what travels": formats[name], "bytes": size, "times smaller": update.nbytes / size}
        for name, size in sizes.items()
    ],
    "One real update, encoded",
    exact=True,
)

# %% [markdown]
# Six numbers are enough to look inside. Top-k keeps the two largest, up or down, and says where they were. Sign packs six bits into
# one byte, and sends the mean size.

# %%
import numpy as np

six = np.array([0.5, -3, 1, 0, 2, -0.1], np.float32)
third, signs_only = TopK(topk_share=0.34), Sign()
code = third.encode(six, place(6))
print("top-k:", code.nbytes, "bytes; places", code[:8].view(np.uint32), "numbers", code[8:].view(np.float32))
code = signs_only.encode(six, place(6))
print("sign: ", code.nbytes, "bytes; size", code[:4].view(np.float32), f"bits {code[4]:08b}")
print(
    "The server reads:", third.decode(third.encode(six, place(6)), place(6)), "and", signs_only.decode(code, place(6))
)

# %% [markdown]
# ## Wrong on purpose, or wrong by lot
#
# A code $C(v)$ differs from $v$ in one of two ways.
#
# - **Biased**: top-k and sign. They get the same things wrong each time. Of top-k we know how much at most:
#   $\|v - C(v)\|^2 \le (1 - k/P)\,\|v\|^2$.
# - **Unbiased**: QSGD and random-k (without a memory). They draw lots so that $\mathrm{E}\,C(v) = v$. QSGD rounds each number up or
#   down. Random-k sends what it sends $P/k$ times as large. What they get wrong is noise, and it can be larger than $v$ itself:
#   for QSGD $\mathrm{E}\,\|C(v) - v\|^2 \le \min(d/s^2, \sqrt{d}/s)\,\|v\|^2$, with $d = 128$ numbers that share a length and $s$
#   levels on each side of 0. With 2 bits $s = 1$, and the bound is 11.3.
#
# The server takes a mean of ten messages. So let us code our update again and again, and see how far the mean is off.

# %% jupyter={"source_hidden": true}
averaged = predict(
    "QSGD with 2 bits is off by about 7 times the squared length of the update. And the mean of ten such codes?",
    ["as much: 7", "about 0.7", "about 0.07"],
    why={
        "as much: 7": "That holds for what is wrong in the same way each time, such as top-k's error. Lots cancel.",
        "about 0.07": "Squares of independent errors add up: the mean of ten has a tenth of them, not a hundredth.",
    },
)
averaged

# %%
from fedlab.lessons import pictures_06 as pictures
from fedlab.lessons import size, watch
from fedlab.lessons.one_update import off_on_average
from fedlab_widgets import show

times = size(40, 10)
found = {
    name: off_on_average(kind, update, times) for name, kind in watch(codes.items(), "Coding one update many times")
}
show(
    pictures.averaged(found),
    alt="How far the mean of so many codes is off, both axes logarithmic: top-k and sign are flat, a little below 1; "
    "random-k and both kinds of QSGD fall in straight lines, from above 10, about 7 and below 1.",
)

# %% jupyter={"source_hidden": true}
from fedlab.lessons import claim

ten = found["QSGD, 2 bits"][9]
averaged.compare("as much: 7" if ten > 2 else "about 0.7" if ten > 0.2 else "about 0.07")
claim("Top-k's error after one code over that after ten", found["top-k, 1 %"][0] / found["top-k, 1 %"][9], equals=1.0)
claim(
    "QSGD's with 2 bits, likewise", found["QSGD, 2 bits"][0] / found["QSGD, 2 bits"][9], above=8, below=12,
    unit="times",
)  # fmt: skip
claim("One code of QSGD with 2 bits is off by so many times the update's square", found["QSGD, 2 bits"][0], above=2)
claim("And stays below its bound", Quantize(quantize_bits=2).variance - found["QSGD, 2 bits"][0], above=0)

# %% [markdown]
# Here is the secret of QSGD in your lab. A single message of 2 bits is mostly noise. **Ten** parties average it away, and the rest
# is spread over 199,210 weights, up and down. With fewer parties there is less to average. And noise cannot grow without end:
# random-k with 1 % and no memory multiplies what it sends by a hundred. Try that in the lab, with two or three seeds.
#
# Top-k and sign are wrong in the same way each time. No number of parties repairs that. So what does?
#
# ## The memory
#
# **Error feedback.** Party $k$ keeps what it has not sent in a memory $e_k$, and adds it to its next update $u$:
#
# $$v = u + e_k, \qquad \text{send } C(v), \qquad e_k \leftarrow v - C(v)$$
#
# Why that is needed is best seen with signs. On the left one weight, whose slopes come by turns: 4, −1, −1, −1. Their mean is
# $\tfrac14$: downhill is to the left. On the right a narrow valley in the plane, $|a - b| + 0.3\,|a + b|$, whose floor falls slowly
# towards the star.

# %%
from fedlab.lessons import signs

rate = 0.01
print("mean slope:", np.mean(signs.SLOPES), "  mean sign:", np.mean(np.sign(signs.SLOPES)))
lines = {
    name: signs.walk(signs.by_turns, np.zeros(1), steps=200, rate=rate, memory=memory)
    for name, memory in {"signs alone": False, "signs with memory": True}.items()
}
walks = {
    name: signs.walk(signs.valley, np.array([2.0, 0.5]), steps=120, rate=0.05, memory=memory)
    for name, memory in {"signs alone": False, "signs with memory": True}.items()
}

# %% jupyter={"source_hidden": true}
show(
    pictures.signs(lines, walks, rate),
    alt="Left: signs alone climb steadily to the right, signs with memory follow the slopes down. Right: signs alone go "
    "straight to the floor of the valley and stay where they reach it; with memory they go on along it to the minimum.",
)
claim("Signs alone end at", lines["signs alone"][-1, 0], equals=1.0)
claim("Signs with memory end at", lines["signs with memory"][-1, 0], equals=-0.5)
claim(
    "In the valley, signs alone stay so far from the minimum",
    np.linalg.norm(walks["signs alone"][-1]),
    above=1.7,
    below=1.9,
)
claim("With memory", np.linalg.norm(walks["signs with memory"][-1]), below=0.2)

# %% [markdown]
# **It drifts.** Three times out of four the sign says right, once it says left, and that the one is four times as large is lost.
# **It stays stuck.** The slope across the valley is larger than the slope along it, so both signs are those of the way across: what
# points along the floor never decides a sign. With the memory it adds up until it does.

# %%
from fedlab_widgets import show_source

show_source(signs.walk)

# %% [markdown]
# Does it hold for a real party, with a real code? This is party 0's book over some rounds of top-k: the sum of all its
# updates, of all that the server has read from its codes, and its memory.

# %%
from fedlab.lessons.one_update import ledger

entries = ledger(promised.TOPK.with_(rounds=size(10, 4)))
end = entries[-1]

# %% jupyter={"source_hidden": true}
show(
    pictures.book(entries),
    alt="Three lengths by round: all updates and all that was sent both rise, the second below the first; the memory rises at "
    "first and then hardly.",
)
difference = np.abs(end.updates - (end.sent + end.remembered)).max()
claim("Largest difference between all updates and sent + remembered, of 199,210 weights", difference, below=1e-6)
claim("The largest update of a weight, for comparison", np.abs(end.updates).max(), above=0.05)
claim("Length of the memory over length of the last update",
      np.linalg.norm(end.remembered) / np.linalg.norm(end.updates - entries[-2].updates), above=0.5)  # fmt: skip

# %% [markdown]
# **All that was sent, plus what is remembered, are all updates.** Not nearly: exactly, but for the rounding of float32. Nothing is
# lost for good, it only comes later. That is also the price. The memory is old news: it tells what helped some rounds ago.
#
# Why does the memory hold QSGD back? It needs a code whose error is on average shorter than $v$, or the memory grows from round to
# round. QSGD's error with 2 bits is longer. So with a memory the kit divides what QSGD sends by $1 + \omega = 12.3$: now the error
# is shorter than $v$, but each round a twelfth arrives. **Biased codes need the memory; codes that are right on average, and whose
# noise the parties average away, do better without.**
#
# ## The code behind it
#
# The memory is three lines, the same for all codes:

# %%
from fedlab.stages.compression import Coded
from fedlab_widgets import show_lines

show_lines(
    {
        r"$v = u + e_k$": (Coded.at_party, "v = update"),
        r"$C(v)$, what travels": (Coded.at_party, "code = "),
        r"$e_k \leftarrow v - C(v)$": (Coded.at_party, "memory.append(v - "),
        r"top-k: the $k$ largest": (TopK.encode, "argpartition"),
        r"QSGD: up or down, by lot": (Quantize.encode, "rounded ="),
        r"sign: one size for all": (Sign.encode, "size ="),
    }
)
show_source(TopK.encode, TopK.decode)

# %% [markdown]
# ## Which codes can be added?
#
# A server can be kept from seeing single messages: masks hide each of them, and only their sum can be read (*secure
# aggregation*). Then the server decodes the **sum**, and that works only if the sum of codes is the code of the sum.

# %% jupyter={"source_hidden": true}
adds = predict(
    "Which of these codes can be added up before they are decoded?",
    ["top-k", "random-k", "QSGD", "sign"],
    why="Added numbers must belong to the same weight, and have the same unit. In which code do all parties agree on that?",
)
adds

# %%
from fedlab import Experiment
from fedlab.settings import InvalidSetting

for name in ("topk", "randomk", "quantize", "sign"):
    try:
        Experiment(compression=name, secure_sum="masks")
        print(f"{name}: goes with masks")
    except InvalidSetting as sentence:
        print(f"{name}: {sentence}")

# %% jupyter={"source_hidden": true}
other = real_update(promised.FEDAVG, party=1)
both = [RandomK(error_feedback=True).encode(v, place(len(v))) for v in (update, other)]
mean = RandomK(error_feedback=True).decode((both[0] + both[1]) / 2, place(len(update)))
directly = there_and_back(RandomK(error_feedback=True), (update + other) / 2)
claim("Random-k: the mean of two codes against the code of the mean is off by", off(mean, directly), below=1e-6)
mine, theirs = (set(TopK().encode(v, place(len(v)))[: 4 * 1_992].view(np.uint32)) for v in (update, other))
claim("Top-k: of 1,992 places two parties have in common", len(mine & theirs), above=100, below=1_500)
adds.compare("random-k")

# %% [markdown]
# Random-k goes: all parties of a round draw the same places, so number $i$ belongs to the same weight for all. Any code that is
# a **fixed linear map** goes: a *count sketch* (each weight is added, with a random sign, to one of a few cells), or a projection to a
# few directions that all agree on. Top-k does not: each party has places of its own. Sign and QSGD do not: each party has
# sizes of its own, and a sum of bits is no bit.
#
# ## Up is not down
#
# In the lab the codes made *up* 8 to 50 times smaller, and *both ways together* at most 2 times. The model still comes down whole. Is
# that a cheat? It depends on the line. At home up is the slow half, often by ten, and the server sends the same model to
# all. On a symmetric line you would code the way down as well, with a memory at the server. The kit does not.
#
# And on a fast line? This calculator takes the runs of the lab above. Press *as simulated seconds* first, and
# set the goal to 85 %. Then make the line up faster: at what speed is FedAvg no longer last?

# %%
from fedlab_widgets import Costs

Costs(lab)

# %% [markdown]
# ## With more data, three seeds, and memory on and off
#
# One run is one run. Here are the codes with 10 parties of **600** images each, one local epoch, until **90 %**: the median of three
# seeds. Everything has the same learning rate, 0.1. The file was made by `python -m benchmarks.lesson_06`.

# %% jupyter={"source_hidden": true}
from fedlab.lessons import published_06 as published

show_table(
    published.rows_for_table(epochs=1), "Until 90 % with E = 1; a dash: not with every seed in 100 rounds", exact=True
)

# %% [markdown]
# Look at three things. **Top-k with a memory** needs about twice the rounds of FedAvg, and a small part of its megabytes. **Without
# the memory** it needs twice as many again, and with 0.1 % it does not arrive at all in 100 rounds. **QSGD** needs no memory: its 2
# bits take as many rounds as all 32. (A memory of signs and top-k helps, one of QSGD and random-k holds them back.) And with
# five local epochs, so that less is sent anyhow:

# %% jupyter={"source_hidden": true}
show_table(
    published.rows_for_table(epochs=5), "Until 90 % with E = 5; a dash: not with every seed in 100 rounds", exact=True
)

# %% [markdown]
# With five epochs FedAvg is there in two or three rounds. Top-k with 1 % still saves, but less than before. **More local work and
# smaller messages are two ways to the same end, and what they save does not simply multiply.**

# %% [markdown] tags=["exercise"]
# ## Exercises
#
# Write your code in place of `raise NotImplementedError()`, run the cell, then run the check below it. A check tells
# you what is wrong; it does not know the answer, only what must be true of it.

# %% tags=["exercise"]
import numpy as np

from fedlab import Experiment
from fedlab.lessons import checks_06 as check

# %% [markdown] tags=["exercise"]
# **1. Top-k with a memory.** `update` and `memory` are arrays of one shape, `k` a number. Return a pair: what is sent, as an
# array of that shape with zeros where nothing is sent, and the new memory. The $k$ largest of what the party *wishes* to send are sent in
# full. Do not change what you are given. (`np.argsort(x)` gives the places of the numbers of `x` from the smallest to the
# largest.)


# %% nbgrader={"grade": false, "grade_id": "send-top", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["exercise"]
def send_top(update, memory, k):
    ### BEGIN SOLUTION
    v = update + memory
    largest = np.argsort(np.abs(v))[-k:]
    sent = np.zeros_like(v)
    sent[largest] = v[largest]
    return sent, v - sent
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "send-top-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false} tags=["exercise"]
check.check_send_top(send_top)

# %% [markdown] tags=["exercise"]
# **2. Right on average.** `v` is an array of numbers from −1 to 1. Round each to one of the levels $-1, \dots, -\frac1s, 0, \frac1s, \dots,
# 1$: to one of its two nearest, by lot, so that it is right on average. 0.3 with $s = 2$ lies between 0 and 0.5: it becomes 0.5 with
# probability 0.6. `rng.random(v.shape)` draws a number from 0 to 1 for each.


# %% nbgrader={"grade": false, "grade_id": "quantise", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["exercise"]
def quantise(v, s, rng):
    ### BEGIN SOLUTION
    return np.floor(s * v + rng.random(v.shape)) / s
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "quantise-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false} tags=["exercise"]
check.check_quantise(quantise)

# %% [markdown] tags=["exercise"]
# **3. Bytes of a code.** How many bytes does a party send for `P` weights? `code` is `"topk"`, `"randomk"`, `"quantize"` or `"sign"`; `k`
# is how many numbers the first two send; `bits` is how many bits `"quantize"` has for each weight. The formats are those
# of the table above. The last byte may not be full, and the last bucket of 128 may be a short one: both count whole.


# %% nbgrader={"grade": false, "grade_id": "bytes-of", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["exercise"]
def bytes_of(code, P, k, bits):
    ### BEGIN SOLUTION
    if code == "topk":
        return 8 * k
    if code == "randomk":
        return 4 * k
    if code == "quantize":
        return -(-P * bits // 8) + 4 * -(-P // 128)
    return -(-P // 8) + 4
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "bytes-of-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false} tags=["exercise"]
check.check_bytes_of(bytes_of)

# %% [markdown] tags=["exercise"]
# **4. A budget of seconds.** Ten parties, 200 images each, the 2NN, 100 kB/s up: the lab's world. Reach **89 %** of the test images
# within **16 simulated seconds**. FedAvg does one round in that time, whatever it does at home. You may choose `rounds`,
# `local_epochs`, `batch_size`, `learning_rate`, and the `compression` with its settings. Every second of work at home
# is one less for sending, and every bit less makes a round worse: something has to give. The check runs your choice with two seeds.


# %% nbgrader={"grade": false, "grade_id": "choice", "locked": false, "schema_version": 3, "solution": true, "task": false} tags=["exercise"]
def choose_code():
    ### BEGIN SOLUTION
    base = Experiment(parties=10, examples=2_000, uplink=100)
    return base.with_(compression="quantize", quantize_bits=2, error_feedback=False, local_epochs=5, rounds=7)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "choice-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false} tags=["exercise"]
check.check_choice(choose_code)

# %% [markdown] tags=["exercise"]
# **To think about.** Your parties come once and never again. What is the memory worth then, and which code would you take? Each party
# holds one digit only: do ten different updates still average QSGD's noise away? Try it: `partition="shards"` in the lab.

# %% [markdown]
# ## What this does not show
#
# - **Parties that never come back.** Here all ten took part in each round, so each memory was used in the next. A phone that comes
#   once takes its memory with it, and what was in it is lost.
# - **Packing.** Places and levels can be packed further, as a file is zipped: what is rare gets more bits, what is usual fewer. Our
#   bytes are those of plain formats.
# - **Time to encode.** The clock counts nothing for it. On this machine a code takes milliseconds; on a small device it may not.
# - **Secrecy.** A message of one bit a weight still tells something about a party's images. Small is not private.
# - **Other models and data.** How sparse an update may be depends on both. The largest hundredth of a 2NN is not that
#   of a CNN.
# - **One learning rate.** Nothing was tuned for a code. Sign and QSGD with a memory may want a smaller one.
#
# ## Words
#
# - **Code**: what travels in place of an update, and what the server makes of it, $C(v)$.
# - **Top-k**, **random-k**: the $k$ largest changes, or $k$ by lot. **Quantise**: round to a few levels. **Sign**: only up or down.
# - **Biased**: wrong in the same way each time. **Unbiased**: right on average, with noise.
# - **Error feedback**, memory: what was not sent is added to the next update.
# - **Uplink**: the line from a party to the server; **downlink**: the other way.
# - **Linear code**: the sum of codes is the code of the sum, so masks can hide each of them.
#
# ## Where next
#
# - More local work instead of smaller messages: [02 FedAvg](02_fedavg.ipynb).
# - The code: `fedlab/stages/compression.py`, all four in one sitting.
# - The memory: S. U. Stich, J.-B. Cordonnier and M. Jaggi, *Sparsified SGD with Memory*, 2018, [arXiv
#   1809.07599](https://arxiv.org/abs/1809.07599); for signs: S. P. Karimireddy, Q. Rebjock, S. U. Stich and M. Jaggi, *Error Feedback
#   Fixes SignSGD and other Gradient Compression Schemes*, 2019, [arXiv 1901.09847](https://arxiv.org/abs/1901.09847). Our two walks of
#   signs follow its section 3.
# - QSGD: D. Alistarh, D. Grubic, J. Li, R. Tomioka and M. Vojnović, *QSGD: Communication-Efficient SGD via Gradient Quantization and
#   Encoding*, 2017, [arXiv 1610.02132](https://arxiv.org/abs/1610.02132).
# - Sums that hide their parts: K. Bonawitz and 7 others, *Practical Secure Aggregation for Privacy-Preserving Machine Learning*,
#   2017, [IACR 2017/281](https://eprint.iacr.org/2017/281).
