// A device of torch's kind "PrivateUse1" that holds nothing and computes nothing. That there is one is enough for
// autograd's engine to start a thread for it at the first backward().
#include <c10/core/impl/DeviceGuardImplInterface.h>

using namespace c10;

struct FakeGuard final : impl::DeviceGuardImplInterface {
  DeviceType type() const override { return DeviceType::PrivateUse1; }
  Device exchangeDevice(Device) const override { return Device(type(), 0); }
  Device getDevice() const override { return Device(type(), 0); }
  void setDevice(Device) const override {}
  void uncheckedSetDevice(Device) const noexcept override {}
  Stream getStream(Device device) const override { return Stream(Stream::DEFAULT, device); }
  Stream getNewStream(Device device, int = 0) const override { return Stream(Stream::DEFAULT, device); }
  Stream exchangeStream(Stream stream) const override { return stream; }
  DeviceIndex deviceCount() const noexcept override { return 1; }
};

C10_REGISTER_GUARD_IMPL(PrivateUse1, FakeGuard)
