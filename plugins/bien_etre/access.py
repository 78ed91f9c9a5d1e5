"""Names of the plugin's permissions, which are also actions."""

READ = "bien_etre.read"
REQUEST = "bien_etre.request"
