"""What can be asked of finished runs, by name: `python -m src.intervene NAME RUN`, or `intervention=NAME`.

A new analysis is a subclass of `Study` and a row below, a name in ANALYSES of src/config/intervention.py with
its settings, a file of conf/intervention, and, for a page of its own, a plug-in of that name
(src/report/plugins.py).
"""

from collections.abc import Mapping

from src.carrier.eraser.study import EraserStudy
from src.carrier.study import CarrierStudy
from src.intervene.bands.study import BandsStudy
from src.intervene.causal.study import CausalStudy
from src.intervene.lens.study import LensStudy
from src.intervene.merge.study import MergeStudy
from src.intervene.predictors.study import PredictorsStudy
from src.intervene.study import Study
from src.intervene.swap.study import SwapStudy
from src.intervene.vectors.patch import PatchStudy
from src.intervene.vectors.steer import SteerStudy

ANALYSES: Mapping[str, type[Study]] = {
    "causal": CausalStudy,
    "bands": BandsStudy,
    "patch": PatchStudy,
    "steer": SteerStudy,
    "lens": LensStudy,
    "swap": SwapStudy,
    "merge": MergeStudy,
    "carrier": CarrierStudy,
    "eraser": EraserStudy,
    "predictors": PredictorsStudy,
}
