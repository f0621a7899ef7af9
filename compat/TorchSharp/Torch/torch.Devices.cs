using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public static readonly Device CPU = new(DeviceType.CPU);

    private static Device _defaultDevice = CPU;

    public static Device CUDA => InitializeDevice(new Device(DeviceType.CUDA));

    public static Device device(string description) => new(description);

    public static Device device(string deviceType, int index = -1) => new(deviceType, index);

    public static Device device(DeviceType deviceType, int index = -1) => new(deviceType, index);

    public static Device device(int index) => new(index);

    public static Device get_default_device() => _defaultDevice;

    public static void set_default_device(Device device) => _defaultDevice = InitializeDevice(device);

    public static void InitializeDeviceType(DeviceType deviceType)
    {
        if (deviceType == DeviceType.CUDA && !cuda.is_available())
            throw new InvalidOperationException("CUDA is not available: this libtorch was built without it, or the machine has no device for it.");
    }

    public static Device InitializeDevice(Device? device)
    {
        if (device is null) return _defaultDevice;
        InitializeDeviceType(device.type);
        return device;
    }

    public static int get_num_threads() => NativeContext.mt_get_num_threads();

    public static void set_num_threads(int num) => NativeError.Check(NativeContext.mt_set_num_threads(num));

    public static int get_num_interop_threads() => NativeContext.mt_get_num_interop_threads();

    public static void set_num_interop_threads(int num) => NativeError.Check(NativeContext.mt_set_num_interop_threads(num));
}
