"""A runtime for MLServer: a model of chainrule beside those of other libraries, under the same protocol.

model-settings.json:  {"name": "adult", "implementation": "mlserver_runtime.Chainrule",
                       "parameters": {"uri": "adult.model"}}
mlserver start .
"""

from pathlib import Path

from mlserver import MLModel
from mlserver.errors import InferenceError
from mlserver.types import InferenceRequest, InferenceResponse, MetadataModelResponse, MetadataTensor
from mlserver.utils import get_model_uri

from chainrule.serving.inference.bodies import tensors
from chainrule.serving.inference.problems import problem
from chainrule.serving.inference.served import Served


class Chainrule(MLModel):
    async def load(self) -> bool:
        self.served = Served.load(self.name, self.version or "1", Path(await get_model_uri(self.settings)))
        return True

    async def metadata(self) -> MetadataModelResponse:
        reads, gives = (
            [MetadataTensor(name=one.name, datatype=one.datatype, shape=one.shape) for one in ones]
            for ones in (self.served.reads, self.served.gives)
        )
        return MetadataModelResponse(name=self.name, platform="chainrule", inputs=reads, outputs=gives)

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        try:
            body, _ = tensors.infer(payload.model_dump_json(exclude_none=True).encode(), self.served)
        except Exception as error:
            told = problem(error)
            raise (InferenceError(told.said) if told else error) from error
        return InferenceResponse.model_validate_json(body)
