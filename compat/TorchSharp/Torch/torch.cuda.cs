using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public static class cuda
    {
        public static bool is_available() => device_count() > 0;

        public static bool is_cudnn_available() => NativeContext.mt_has_cudnn();

        public static int device_count() => NativeContext.mt_cuda_device_count();

        public static void manual_seed(long seed) => NativeError.Check(NativeRandom.mt_cuda_manual_seed((ulong)seed, all: false));

        public static void manual_seed_all(long seed) => NativeError.Check(NativeRandom.mt_cuda_manual_seed((ulong)seed, all: true));

        public static void synchronize(Device? device = null)
        {
            InitializeDeviceType(DeviceType.CUDA);
            NativeError.Check(NativeContext.mt_cuda_synchronize(device?.index ?? -1));
        }
    }
}
