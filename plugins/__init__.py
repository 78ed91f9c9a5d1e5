"""One folder per committee. plugins.toml says which are enabled; docs/plugin-tutorial.md how to make one."""
