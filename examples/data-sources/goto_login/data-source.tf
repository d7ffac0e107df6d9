data "goto_login" "example" {
  profile = "example"
}

# For a person: who is signed in, and until when.
output "login" {
  value = data.goto_login.example
}

# Warns while nobody is signed in, and from two weeks before the login ends.
check "login" {
  assert {
    condition = data.goto_login.example.signed_in && timecmp(
      coalesce(data.goto_login.example.refresh_token_expires_at, "9999-12-31T00:00:00Z"), # when nobody knows
      timeadd(plantimestamp(), "336h"),
    ) > 0
    error_message = "Sign in to GoTo as \"example\" again, before a run fails."
  }
}
