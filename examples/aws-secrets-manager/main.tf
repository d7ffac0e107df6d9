# Writes a fresh access token to AWS Secrets Manager at every apply, for programs that can't obtain
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

# The stored token is valid for at least 50 minutes.
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

  # The provider writes the value when this number changes, so it must change with every plan. It
  # can't come from the token, because ordinary arguments don't accept ephemeral values.
  secret_string_wo_version = parseint(formatdate("MMDDhhmmss", plantimestamp()), 10)
}
