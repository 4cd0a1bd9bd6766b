"""The house rules, as tests: they fail with the file and line of whatever breaks one."""
