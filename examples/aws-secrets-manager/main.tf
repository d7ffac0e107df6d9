# Puts a fresh access token into AWS Secrets Manager at every apply, for programs that cannot get
# one themselves.

terraform {
  required_version = ">= 1.11" # the first with write-only arguments

  required_providers {
    goto = {
      source = "terraform-goto/goto"
    }
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.88.0" # the first with secret_string_wo
    }
  }
}

provider "goto" {}

provider "aws" {
  region = "eu-central-1"
}

# What is stored works for 50 minutes or longer.
ephemeral "goto_access_token" "example" {
  min_validity = "50m"
}

resource "aws_secretsmanager_secret" "goto" {
  name = "goto"
}

resource "aws_secretsmanager_secret_version" "goto" {
  secret_id = aws_secretsmanager_secret.goto.id

  secret_string_wo = jsonencode({
    access_token = ephemeral.goto_access_token.example.access_token
    expires_at   = ephemeral.goto_access_token.example.expires_at
  })

  # The value is written when this number changes, so it has to change with every plan. It cannot
  # come from the token, because no ephemeral value may go into an ordinary argument.
  secret_string_wo_version = parseint(formatdate("MMDDhhmmss", plantimestamp()), 10)
}
