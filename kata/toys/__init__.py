"""Small tasks that a Transformer learns in a minute or two, and what it takes to train on them.

``registry`` names the toys; ``strings``, ``en_ja`` and ``pairs_file`` give their pairs; ``vocabulary`` and ``batches``
turn pairs into numbers. ``learner`` loads the learner's code, ``training`` trains it, ``scoring`` judges its answers,
``run_folder`` keeps what came out, and ``command`` tells of all this.
"""
