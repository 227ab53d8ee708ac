"""How JupyterLab's server shows the lessons; `fedlab lab` and Binder name this folder in JUPYTER_CONFIG_PATH."""

c = get_config()  # noqa: F821

c.ServerApp.tornado_settings = {
    # Voilà 0.5 hears no answer to its pings while it runs cells, and would hang up after 90 seconds.
    "ws_ping_timeout": 3_600_000,  # ms: an hour
    # As a part of JupyterLab it would ask the network for MathJax, which is inside both of them.
    "mathjax_url": None,
    "mathjax_config": None,
}
c.ServerApp.jpserver_extensions = {  # teachers' matters: they would only print warnings
    f"nbgrader.server_extensions.{name}": False
    for name in ("formgrader", "validate_assignment", "assignment_list", "course_list")
}
