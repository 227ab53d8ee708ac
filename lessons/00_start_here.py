# %% [markdown]
# # Start here: federated learning in five minutes
#
# Some hospitals want one model that reads handwritten digits. None of them may give its images away.
# **Federated learning** trains that model anyway: the model travels, the images stay where they are.
#
# On this page you train such a model yourself, on real images, in this browser. After it you will be able to
#
# 1. run federated learning in the lab and read its picture,
# 2. make it harder by changing who holds which digits, and see it in the curve,
# 3. make it quicker by letting everybody work longer before they talk.
#
# **How to use the page.** Grey boxes are Python. Click into one and press Shift+Enter to run it; or choose
# *Run > Run All Cells* from the menu once, and then read on. You need not change any code.

# %%
from fedlab.lessons import claims_00 as promised
from fedlab_widgets import Lab

lab = Lab()
lab

# %% [markdown]
# ## A tour of the lab
#
# **Who is who.** Those who hold data are called **parties** here: a hospital, a bank, a phone. (Elsewhere they are
# called *clients*.) The **server** holds the shared model. In each **round** the server sends the model out, every party
# trains it on its own images, sends it back, and the server takes the average.
#
# | what you see | what it is |
# | --- | --- |
# | buttons at the top | *Run* trains, *Pause* holds, *Step* does one round, *Stop* ends, *Reset* forgets everything |
# | the plot | how many of 10,000 images that nobody trained on the shared model gets right, round by round; below it the loss |
# | the heat map | who holds what: a column for each party, a row for each digit |
# | controls on the left | what to run; move over one, or tab to it, and read what it teaches |
# | *sweep* beside a control | run several values of that setting and compare their curves |
# | *Runs* | one line for each run: hide it, save it, continue from it |
# | *Code* and *Link* | the Python that repeats a run without the lab, and a short text that restores the settings |
#
# A control that you move never changes a curve that is already drawn. Press *Run* again: the new curve comes on top of
# the old ones, and the legend says what differs.

# %% [markdown]
# ## Three things to try
#
# ### 1. Just run it
#
# Press **Run** and watch the plot. Ten parties hold 500 images each, and all have a fair mix of digits. When the last
# round is done, run the cell below: it holds what we promise against what your run did.

# %%
promised.just_run(lab)

# %% [markdown]
# ### 2. Give everybody other digits
#
# Set *partition* to **Dirichlet (label skew)** and its *alpha* to **0.1**. Look at the heat map before you run: most
# parties now know only two or three digits. Press **Run**, and when it is done run
# the cell below.
#
# You should see the new curve crawl below the first one. Each party pulls the shared model towards its own digits, and
# the average is a compromise. Lesson 03 is about this.

# %%
promised.other_digits(lab)

# %% [markdown]
# ### 3. Work longer, talk less
#
# Set *partition* back to **IID** and *local epochs* to **5**: each party now goes through its images five times before it
# sends its model. Press **Run**, and when it is done run the cell below.
#
# You should see a curve that rises in fewer rounds. Above the plot, switch from *round* to *megabytes sent*:
# the same accuracy has cost less to send. It has cost more computing. Lesson 02 is about this trade.

# %%
promised.work_longer(lab)

# %% [markdown]
# ## What this does not show
#
# All parties live in this one computer: the sending is counted, not done. No image left its party; but a model that was
# trained on images can still tell something about them. Keeping that secret takes more than this.
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
