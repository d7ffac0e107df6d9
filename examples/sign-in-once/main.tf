# A person signs in once; every later run uses the login that is kept under the profile.
#
# GOTO_CLIENT_ID, GOTO_CLIENT_SECRET and GOTO_REDIRECT_URI name the OAuth client. With a loopback GOTO_REDIRECT_URI and
# GOTO_INTERACTIVE_LOGIN=true, the first apply opens a browser and goes on when the person has signed in. Otherwise:
#
#   terraform apply                                        stops, and says where to sign in
#   terraform apply -var 'callback_url=https://…?code=…'   takes the address the browser landed on
#   terraform apply                                        needs nobody from now on

terraform {
  required_version = ">= 1.10"

  required_providers {
    goto = {
      source = "terraform-goto/goto"
    }
  }
}

variable "callback_url" {
  description = "The whole address the browser landed on after signing in. Only needed to sign in."
  type        = string
  default     = null
  ephemeral   = true
}

variable "command" {
  description = "What is run with the token. It finds the header in the environment variable AUTHORIZATION."
  type        = string
  # Through standard input, because other users of the machine can see the arguments of a command. It must not print
  # the header: what a command prints is shown when it fails.
  default = <<-EOT
    umask 077
    printf 'Authorization: %s' "$AUTHORIZATION" | curl --fail --silent --show-error --header @- \
      --output me.json "$${GOTO_API_URL:-https://api.getgo.com}/admin/rest/v1/me"
  EOT
}

provider "goto" {}

data "goto_authorize_url" "example" {}

output "authorize_url" {
  description = "Where a person signs in."
  value       = data.goto_authorize_url.example.url
}

ephemeral "goto_access_token" "example" {
  callback_url = var.callback_url
  profile      = "example"
}

# Asks GoTo at every apply who has signed in.
resource "terraform_data" "me" {
  triggers_replace = timestamp()

  provisioner "local-exec" {
    command = var.command
    environment = {
      AUTHORIZATION = ephemeral.goto_access_token.example.authorization_header
    }
  }
}
