"""Who a kiosk is: keys, certificates, enrolment, revocation."""
