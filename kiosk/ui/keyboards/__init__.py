"""Writing on the screen: what a key does to what is written (pure), and the keys themselves (Kivy).

`pinyin` finds characters, `words` and `figures` hold what is being written, `layout` draws the keys.
"""
