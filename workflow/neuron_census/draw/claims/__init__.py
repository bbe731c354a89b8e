"""The paper's claims: what each says (resources/paper/claims.toml), and the test that decides it."""
