"""The course as a site: lessons to pages by MkDocs, formulas by KaTeX, figures that can be moved.

``python -m site_build`` builds both languages into ``site_build/html``; nothing in ``kata/`` imports this folder.
"""
