data "goto_authorize_url" "example" {
  scopes = ["calls.v2.initiate", "users.v1.lines.read"]
}

output "authorize_url" {
  value = data.goto_authorize_url.example.url
}
