terraform {
  required_providers {
    goto = {
      source = "terraform-goto/goto"
    }
  }
}

# The provider reads the client secret from GOTO_CLIENT_SECRET.
provider "goto" {
  client_id    = "7c1f3a52-0d4e-4b8a-9f66-2f5b1c9e0a37"
  redirect_uri = "https://example.com"
}
