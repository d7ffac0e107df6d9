# A person signs in once. Every later run uses the login that is stored under the profile.
#
# Set GOTO_CLIENT_ID, GOTO_CLIENT_SECRET and GOTO_REDIRECT_URI to the values of your OAuth client. With a loopback
# GOTO_REDIRECT_URI and GOTO_INTERACTIVE_LOGIN=true, the first apply opens a browser and continues after the sign-in.
# Otherwise:
#
#   terraform apply                                        stops and shows where to sign in
#   terraform apply -var 'callback_url=https://…?code=…'   uses the address that the browser landed on
#   terraform apply                                        uses the stored login

terraform {
  required_version = ">= 1.10"

  required_providers {
    goto = {
      source = "terraform-goto/goto"
    }
  }
}

variable "callback_url" {
  description = "Whole address that the browser landed on after the sign-in. Only needed to sign in."
  type        = string
  default     = null
  ephemeral   = true
}

variable "command" {
  description = "Command to run with the token. The environment variable AUTHORIZATION contains the header."
  type        = string
  # The header goes through standard input, because other users of the machine can see a command's arguments. The
  # command must not print the header: if it fails, Terraform shows its output.
  default = <<-EOT
    umask 077
    printf 'Authorization: %s' "$AUTHORIZATION" | curl --fail --silent --show-error --header @- \
      --output me.json "$${GOTO_API_URL:-https://api.getgo.com}/admin/rest/v1/me"
  EOT
}

provider "goto" {}

data "goto_authorize_url" "example" {}

output "authorize_url" {
  description = "Address where a person signs in."
  value       = data.goto_authorize_url.example.url
}

ephemeral "goto_access_token" "example" {
  callback_url = var.callback_url
  profile      = "example"
}

# At every apply, asks GoTo who is signed in.
resource "terraform_data" "me" {
  triggers_replace = timestamp()

  provisioner "local-exec" {
    command = var.command
    environment = {
      AUTHORIZATION = ephemeral.goto_access_token.example.authorization_header
    }
  }
}
