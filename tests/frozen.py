"""The last import of the process that `forked` forks from: what is there by then is never garbage.

Else each command would look through all of torch and transformers whenever it collects.
"""

import gc

gc.collect()
gc.freeze()
