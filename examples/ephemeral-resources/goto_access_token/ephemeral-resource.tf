variable "callback_url" {
  description = "Address that the browser landed on after the sign-in."
  type        = string
  default     = null
  ephemeral   = true
}

# With a callback URL, this signs in and stores the login as "example". Without one, it uses the stored login.
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
