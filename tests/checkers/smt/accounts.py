"""Accounts in one bank: a sum over all, amounts without a practical limit, and members that may be the same."""

from __future__ import annotations

import sys
from typing import Annotated

from holdfast.model.language import (
    ANYTHING,
    NUMBER,
    Actor,
    Entity,
    Quantity,
    Role,
    System,
    Truth,
    Unit,
    World,
    action,
    after,
    all_of,
    always,
    any_of,
    between,
    constant,
    initially,
    require,
    sometimes,
    step,
    total,
    varying,
)

cents = Unit("cents")
CUSTOMER = Actor("customer", Role.ENVIRONMENT)


class Bank(Entity):
    most = constant(cents)
    reserve = constant(cents)
    percent = constant(NUMBER)
    lent = varying(cents, upto=most)


class Account(Entity):
    limit = constant(cents)
    balance = varying(cents, upto=limit, start=ANYTHING)
    frozen = varying(bool)


def held() -> Quantity:
    return total(a.balance for a in Account)


@action(by=CUSTOMER)
def transfer(giver: Account, taker: Account, amount: Annotated[Quantity, between(cents, 1, Bank.most)]) -> None:
    """Giver and taker may be the same."""
    require(amount <= giver.balance, "the giver has so much")
    require((giver == taker) | (taker.balance + amount <= taker.limit), "the taker may hold so much")
    require(~giver.frozen, "the giver's account is open")
    giver.balance -= amount
    taker.balance += amount


@action(by=CUSTOMER)
def deposit(account: Account, bank: Bank, amount: Annotated[Quantity, between(cents, 1, Bank.most)]) -> None:
    require(held() + amount <= bank.reserve, "the bank's reserve covers it")
    require(account.balance + amount <= account.limit, "the account may hold so much")
    account.balance += amount


@action(by=CUSTOMER)
def lend(bank: Bank, amount: Annotated[Quantity, between(cents, 1, Bank.most)]) -> None:
    """A part of the reserve, `percent` times over, may be lent."""
    require(bank.lent + amount <= bank.most, "the bank may lend so much")
    require(bank.lent + amount <= bank.percent * bank.reserve, "the reserve carries it")
    bank.lent += amount


@action(by=CUSTOMER)
def freeze(account: Account) -> None:
    require(account.balance == 0, "nothing is left in it")
    account.frozen = True


@always()
def covered() -> Truth:
    """The reserve covers what the accounts hold."""
    return all_of(held() <= bank.reserve for bank in Bank)


@always()
def carried() -> Truth:
    """The reserve carries what is lent."""
    return all_of(bank.lent <= bank.percent * bank.reserve for bank in Bank)


@step()
def stays_frozen() -> Truth:
    """No frozen account is opened again."""
    return all_of((~a.frozen) | after(a.frozen) for a in Account)


@step()
def frozen_keeps() -> Truth:
    """What a frozen account holds does not become less."""
    return all_of((~a.frozen) | (a.balance <= after(a.balance)) for a in Account)


@initially
def modest() -> Truth:
    """At first the reserve covers what the accounts hold."""
    return all_of(held() <= bank.reserve for bank in Bank)


@sometimes()
def rich() -> Truth:
    """An account holds the whole reserve, another is frozen."""
    return any_of((a.balance == bank.reserve) & b.frozen for a in Account for b in Account for bank in Bank)


SYSTEM = System.of(sys.modules[__name__])


def world(most: int = 3, reserve: int = 3, limits: tuple[int, ...] = (2, 3)) -> World:
    bank = Bank("bank", most=most, reserve=reserve, percent=1)
    return World("accounts", bank, *(Account(f"a{i}", limit=x) for i, x in enumerate(limits)))
