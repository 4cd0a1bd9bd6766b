"""The modelling language: actions written once, as plain-looking Python over terms, and read many times.

Read in this order: terms.py (what an expression is), expressions.py, entities.py and quantifiers.py (what a model
writes), actions.py (what happens, what holds), systems.py (what every reading receives), legality.py (what is
refused); scope.py and errors.py are what the tracer remembers, and what it says.
"""

from .actions import (
    Action,
    Actor,
    Kind,
    Parameter,
    Property,
    Requirement,
    Role,
    Write,
    action,
    always,
    assume,
    between,
    initially,
    leads_to,
    recoverable,
    require,
    sometimes,
    step,
)
from .entities import (
    ANYTHING,
    Entity,
    Field,
    Sort,
    budget,
    constant,
    derived,
    proxy,
    varying,
)
from .errors import ModelError
from .expressions import Choice, Quantity, Truth, implies, quantity
from .legality import check
from .quantifiers import after, all_of, any_of, total, where
from .systems import Arguments, Instance, State, Step, System, World
from .terms import BOOL, FALSE, NUMBER, TRUE, Term, Unit

__all__ = [
    "ANYTHING",
    "BOOL",
    "FALSE",
    "NUMBER",
    "TRUE",
    "Action",
    "Actor",
    "Arguments",
    "Choice",
    "Entity",
    "Field",
    "Instance",
    "Kind",
    "ModelError",
    "Parameter",
    "Property",
    "Quantity",
    "Requirement",
    "Role",
    "Sort",
    "State",
    "Step",
    "System",
    "Term",
    "Truth",
    "Unit",
    "World",
    "Write",
    "action",
    "after",
    "all_of",
    "always",
    "any_of",
    "assume",
    "between",
    "budget",
    "check",
    "constant",
    "derived",
    "implies",
    "initially",
    "leads_to",
    "proxy",
    "quantity",
    "recoverable",
    "require",
    "sometimes",
    "step",
    "total",
    "varying",
    "where",
]
