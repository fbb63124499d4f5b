-- One record of 100 bytes in each request.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"records":[{"value":{"text":"' .. string.rep("x", 100) .. '"}}]}'
