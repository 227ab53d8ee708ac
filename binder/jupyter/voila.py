"""How Voilà shows a lesson: the page first, each output as it gets done, and nothing that needs cells to be of use.

`fedlab lab`, `fedlab voila` and Binder name this folder in JUPYTER_CONFIG_PATH.
"""

LEFT_OUT = {"exercise", "notebook"}  # tags of cells


def without_cells(request, notebook, cwd):
    """The notebook as a page: Voilà calls this before it starts the kernel."""
    notebook.cells = [cell for cell in notebook.cells if LEFT_OUT.isdisjoint(cell.metadata.get("tags", []))]
    return notebook


c = get_config()  # noqa: F821
c.VoilaConfiguration.progressive_rendering = True
c.VoilaConfiguration.prelaunch_hook = without_cells
c.Voila.tornado_settings = {"ws_ping_timeout": 3_600_000}  # jupyter_server_config.py says why
