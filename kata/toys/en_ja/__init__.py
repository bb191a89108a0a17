"""English to Japanese, a small language of its own.

``lexicon`` holds the words and which of them go together, ``clauses`` what a sentence consists of, ``english`` and
``japanese`` how it is said in each language, ``corpus`` draws sentences and parts training from validation.
"""
