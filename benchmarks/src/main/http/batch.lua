-- One hundred records of 100 bytes in each request.
local records = {}
for i = 1, 100 do
  records[i] = '{"value":{"text":"' .. string.rep("x", 100) .. '"}}'
end
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"records":[' .. table.concat(records, ",") .. ']}'
