//! IP addresses, as k8s.io/apiserver reads them: without zones, leading zeros, and IPv4 addresses written as IPv6 ones.

use super::{Call, Fault, Gives, Overload, tenth};
use crate::Kind::{Bool, Int, Ip, Text};
use crate::{Object, Value};
use std::net::{IpAddr, Ipv4Addr};

pub(crate) static FUNCTIONS: &[Overload] = &[
    Overload::method("1.30", "family", &[Ip], Gives::A(Int), |_, args| {
        Ok(Value::Int(if address(args[0])?.is_ipv4() { 4 } else { 6 }))
    }),
    Overload::function("1.30", "ip", &[Text], Gives::A(Ip), |call, args| {
        let address = read(call, args[0])?;
        Ok(call.object(Object::Ip(address)))
    }),
    Overload::function("1.30", "ip.isCanonical", &[Text], Gives::A(Bool), |call, args| {
        let Value::Text(text) = args[0] else { return Err(Fault::NoSuchOverload) };
        call.charge(tenth(text.len()))?;
        Ok(Value::Bool(read(call, args[0])?.to_string() == text))
    }),
    Overload::method("1.30", "isGlobalUnicast", &[Ip], Gives::A(Bool), |_, args| holds(args, is_global_unicast)),
    Overload::function("1.30", "isIP", &[Text], Gives::A(Bool), |call, args| match read(call, args[0]) {
        Err(Fault::Invalid(_)) => Ok(Value::Bool(false)),
        other => other.map(|_| Value::Bool(true)),
    }),
    Overload::method("1.30", "isLinkLocalMulticast", &[Ip], Gives::A(Bool), |_, args| {
        holds(args, |address| match address {
            IpAddr::V4(address) => address.octets()[..3] == [224, 0, 0],
            IpAddr::V6(address) => address.segments()[0] & 0xff0f == 0xff02,
        })
    }),
    Overload::method("1.30", "isLinkLocalUnicast", &[Ip], Gives::A(Bool), |_, args| holds(args, is_link_local_unicast)),
    Overload::method("1.30", "isLoopback", &[Ip], Gives::A(Bool), |_, args| {
        holds(args, |address| address.is_loopback())
    }),
    Overload::method("1.30", "isUnspecified", &[Ip], Gives::A(Bool), |_, args| {
        holds(args, |address| address.is_unspecified())
    }),
    Overload::function("1.30", "string", &[Ip], Gives::A(Text), |call, args| {
        Ok(call.text(&address(args[0])?.to_string()))
    }),
];

fn holds<'a>(args: &[Value<'a>], of: fn(IpAddr) -> bool) -> Result<Value<'a>, Fault> {
    Ok(Value::Bool(of(address(args[0])?)))
}

fn is_link_local_unicast(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

/// Also private addresses, as in Go.
fn is_global_unicast(address: IpAddr) -> bool {
    let special = address.is_unspecified() || address.is_loopback() || address.is_multicast();
    !special && !is_link_local_unicast(address) && address != IpAddr::V4(Ipv4Addr::BROADCAST)
}

fn address(value: Value<'_>) -> Result<IpAddr, Fault> {
    if let Value::Object(Object::Ip(address)) = value { Ok(*address) } else { Err(Fault::NoSuchOverload) }
}

/// The address that a text is, or an argument that is one.
pub(super) fn read(call: &mut Call<'_, '_>, value: Value<'_>) -> Result<IpAddr, Fault> {
    let Value::Text(text) = value else { return address(value) };
    call.charge(tenth(text.len()))?;
    parse(text).ok_or(Fault::Invalid("an IP address without a zone and not mapped from IPv4"))
}

/// Reads an address.
pub(super) fn parse(text: &str) -> Option<IpAddr> {
    let address = text.parse().ok()?;
    if let IpAddr::V6(v6) = address
        && v6.to_ipv4_mapped().is_some()
    {
        None
    } else {
        Some(address)
    }
}
