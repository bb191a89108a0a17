def forbidden_tasks(phase, target):
    return {}
