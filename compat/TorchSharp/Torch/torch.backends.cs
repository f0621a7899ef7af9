using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public static class backends
    {
        public static class cuda
        {
            public static class matmul
            {
                public static bool allow_tf32
                {
                    get => NativeContext.mt_get_matmul_tf32();
                    set => NativeError.Check(NativeContext.mt_set_matmul_tf32(value));
                }
            }
        }

        public static class cudnn
        {
            public static bool allow_tf32
            {
                get => NativeContext.mt_get_cudnn_tf32();
                set => NativeError.Check(NativeContext.mt_set_cudnn_tf32(value));
            }
        }
    }
}
