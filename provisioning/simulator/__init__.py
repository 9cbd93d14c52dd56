"""Kiosks by the thousand, for measuring a desk: `menkou fleet simulate`.

Written from the contract and the wire, not from the desk's code: what the two disagree about shows. It runs in
several processes, because one may hold only so many open files.
"""
