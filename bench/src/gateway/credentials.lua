-- wrk: every request takes the next internal credential of the file named after `--`; the load knows no other secret.
local credentials = {}
local used = 0

function init(given)
  for line in io.lines(given[1]) do credentials[#credentials + 1] = line end
end

function request()
  used = used + 1
  wrk.headers["X-Internal-Credential"] = credentials[used]
  return wrk.format()
end
