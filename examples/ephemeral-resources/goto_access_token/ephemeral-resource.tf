variable "callback_url" {
  description = "The address the browser landed on after signing in."
  type        = string
  default     = null
  ephemeral   = true
}

# With a callback URL it signs in and keeps the login as "example", without one it uses that login.
ephemeral "goto_access_token" "example" {
  callback_url    = var.callback_url
  profile         = "example"
  min_validity    = "30m"
  required_scopes = ["users.v1.lines.read"]
}

provider "restful" {
  base_url = "https://api.getgo.com"
  header = {
    Authorization = ephemeral.goto_access_token.example.authorization_header
  }
}
