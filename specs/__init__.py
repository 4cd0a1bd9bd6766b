"""What must hold, and where: properties' worlds, mutants, assumptions, the ledger, schemas, example clusters and plans."""
